//! Makes the assembly text of a whole Thumb-1 program shorter. The program does the same as before.
//!
//! LLVM's code generator does little for Thumb-1, which has eight general registers and instructions of two bytes.
//! It does not outline there. It copies by way of r12 when a copy stands between a comparison and its branch. It does
//! not merge equal ends of functions. After link-time optimisation the whole program is one assembly text. This crate
//! reads that text, changes the functions that it understands, and copies the rest as it is. The passes, in order:
//!
//! 1. [`identical_code_folding`]: keeps one of several functions with the same instructions.
//! 2. [`jump_threading`]: retargets branches that lead to a branch on the same flags.
//! 3. [`value_widths`]: drops masks of values that are short already, and compares truth values with 0.
//! 4. [`peephole`]: replaces a few neighbouring instructions by fewer. [`copy_propagation`] drops copies whose uses can
//!    use the source. [`constant_merging`] makes empty texts a part of other zeros.
//! 5. [`compare_elimination`]: drops comparisons with 0 when the called function has already set the flags.
//! 6. [`tail_merge::sort_by_end`] brings functions with similar ends together. [`tail_calls`] turns last calls into
//!    jumps.
//! 7. [`register_renaming`] and [`scheduling`] choose registers and the order of instructions so that the same
//!    sequences occur more often; [`similarity`] measures that.
//! 8. [`global_registers`]: keeps the most used functions and constants in r8 to r11, which LLVM never uses.
//! 9. [`outlining`]: turns sequences that occur often into functions.
//! 10. [`cross_jumping`]: keeps one of two equal ends of paths in a function. [`tail_merge`] keeps one of several equal
//!     ends of functions that are near each other. [`tail_calls`] drops jumps to the next instruction.
//! 11. [`literal_pools`]: lets functions use the constants of later functions.
//! 12. [`branch_inversion`]: replaces a branch around a jump by one branch, where it reaches.
//! 13. [`alignment`]: moves functions so that less is lost before literal pools.
//!
//! The passes share the effects of each [`instruction`], the [`liveness`] of registers and flags, the [`webs`] of
//! values, and the [`layout`] of the text, and what instructions [`reach`].

mod alignment;
mod branch_inversion;
mod compare_elimination;
mod constant_merging;
mod copy_propagation;
mod cross_jumping;
mod global_registers;
mod identical_code_folding;
mod instruction;
mod jump_threading;
mod layout;
mod literal_pools;
mod liveness;
mod outlining;
mod peephole;
mod program;
mod reach;
mod register_renaming;
mod scheduling;
mod similarity;
mod tail_calls;
mod tail_merge;
mod value_widths;
mod webs;

use program::Program;

/// Returns the shorter assembly text of the whole program `text`, which LLVM has written for Thumb-1.
///
/// # Errors
/// The text holds no function that LLVM could have written.
pub fn compact(text: &str) -> Result<String, String> {
    let mut program = Program::read(text)?;
    identical_code_folding::fold(&mut program);
    jump_threading::thread(&mut program);
    value_widths::simplify(&mut program);
    peephole::shorten(&mut program);
    constant_merging::merge(&mut program);
    copy_propagation::propagate(&mut program);
    compare_elimination::eliminate(&mut program);
    tail_merge::sort_by_end(&mut program);
    tail_calls::eliminate(&mut program);
    register_renaming::rename(&mut program);
    for _ in 0..2 {
        scheduling::reorder(&mut program);
        register_renaming::rename(&mut program);
    }
    global_registers::assign(&mut program);
    outlining::outline(&mut program);
    cross_jumping::merge(&mut program);
    tail_merge::merge(&mut program);
    tail_calls::fall_through(&mut program);
    literal_pools::share(&mut program);
    branch_inversion::invert(&mut program);
    alignment::balance(&mut program);
    Ok(program.write())
}
