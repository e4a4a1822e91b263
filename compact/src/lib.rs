//! The step behind the compiler for Thumb-1: says the same in fewer bytes.
//!
//! LLVM's code generator has little for eight registers and two-byte instructions: it does not outline there,
//! copies by way of r12 whatever it copies between a comparison and its branch, and keeps the ends of functions
//! apart. The whole program is one text of assembly language behind link-time optimisation; this step reads
//! it, changes what it understands, and leaves alone what it does not:
//!
//! 1. [`fold`]: functions with the same instructions are one.
//! 2. [`thread`]: branches to branches on the same flags.
//! 3. [`peephole`]: a few instructions are replaced by fewer; [`tells`]: what a function's flags tell is not compared.
//! 4. [`tails`] sorts the functions by how they end, [`jumps`] makes jumps of calls that come last.
//! 5. [`registers`] chooses registers and [`order`] the order of instructions so that sequences are like others;
//!    [`reserve`] keeps what is used most in registers that LLVM leaves alone.
//! 6. [`outline`]: sequences that occur often become functions.
//! 7. [`tails`]: ends of functions that are equal and near are one; [`jumps`]: a jump to what follows is none.
//! 8. [`pools`]: constants serve the functions before them, too.
//! 9. [`place`]: jumps over jumps become jumps where the distance allows.
//!
//! What each knows of an instruction stands in [`code`]; which registers and flags are needed later, in [`live`];
//! which values there are, in [`webs`]; what is like what, in [`likeness`].

mod code;
mod fold;
mod jumps;
mod likeness;
mod live;
mod order;
mod outline;
mod peephole;
mod place;
mod pools;
mod program;
mod registers;
mod reserve;
mod tails;
mod tells;
mod thread;
mod webs;

use program::Program;

/// The assembly text of a whole program, as LLVM writes it for Thumb-1, with fewer bytes.
///
/// # Errors
/// The text is not what LLVM writes; the message says where.
pub fn compact(text: &str) -> Result<String, String> {
    let mut program = Program::read(text)?;
    fold::fold(&mut program);
    thread::thread(&mut program);
    peephole::shorten(&mut program);
    tells::tell(&mut program);
    tails::sort(&mut program);
    jumps::jump(&mut program);
    registers::choose(&mut program);
    order::reorder(&mut program);
    registers::choose(&mut program);
    reserve::reserve(&mut program);
    outline::outline(&mut program);
    tails::merge(&mut program);
    jumps::fall_through(&mut program);
    pools::share(&mut program);
    place::shorten_jumps(&mut program);
    Ok(program.write())
}
