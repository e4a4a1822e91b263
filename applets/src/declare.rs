//! What an applet is declared with.

/// Declares an applet. What it says is read by the crate `declaration` before the compiler comes here; here it becomes
/// the constant that `opt!` and `slot!` look options up in.
macro_rules! applet {
    (name: $name:ident, $($rest:tt)*) => {
        #[allow(dead_code)] // not every applet has options
        const SPEC: &[u8] = crate::spec::$name;
    };
}
/// Bits of options, for `cx.has`: several letters (`opt!("vet")`) or a long option (`opt!("--all")`).
#[allow(unused_macros)]
macro_rules! opt {
    ($names:literal) => {
        const { sys::opts::bits(SPEC, $names.as_bytes()) }
    };
}
/// Slot of an option's argument, for `cx.value`.
#[allow(unused_macros)]
macro_rules! slot {
    ($name:literal) => {
        const { sys::opts::slot(SPEC, $name.as_bytes()) }
    };
}
