//! The multicall binary: finds the applet by the name it is called by, or in its first argument.

#![cfg_attr(not(test), no_std, no_main)]
// On the host this binary exists for its unit tests only; the target's entry code is not there.
#![cfg_attr(target_env = "gnu", allow(dead_code))]

extern crate alloc;

#[macro_use]
mod declare;
#[cfg(test)]
mod fuzz;
mod modutils;
#[cfg(not(single))]
mod multicall;
#[cfg(single)]
#[path = "single.rs"]
mod multicall;
include!(concat!(env!("OUT_DIR"), "/table.rs"));

/// Called by the entry code.
#[cfg(not(target_env = "gnu"))]
#[no_mangle]
extern "C" fn mote_main(v: sys::env::Vectors) -> ! {
    #[cfg(mote_marked)]
    sys::mark::fill(&v);
    sys::process::exit(multicall::main(v, &TABLE))
}

#[cfg(not(test))]
#[global_allocator]
static HEAP: sys::heap::Heap = sys::heap::Heap::new();

/// With `-Cpanic=immediate-abort` no panic comes here; the language wants the item.
#[cfg(not(test))]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    sys::process::exit(134)
}

/// For unit tests: runs an applet as the shell would, in this process.
#[cfg(test)]
pub(crate) fn call(args: &[&str]) -> (u8, String) {
    use sys::{Out, ZStr};
    let leaked: Vec<&'static core::ffi::CStr> = args
        .iter()
        .map(|a| &*Box::leak(std::ffi::CString::new(*a).expect("no NUL in arguments").into_boxed_c_str()))
        .collect();
    let mut args: Vec<ZStr> = leaked.iter().map(|a| ZStr::new(a)).collect();
    let mut out = Out::memory();
    let entry = TABLE.find(args[0].bytes()).expect("the applet is a feature of this build");
    let status = TABLE.run(entry, sys::env::Envp::EMPTY, &mut args, &mut out);
    (status, String::from_utf8_lossy(&out.take()).into_owned())
}

#[test]
fn help_is_the_text_of_the_declaration() {
    let all =
        declaration::read_all(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src").as_ref()).unwrap();
    for d in all.iter().filter(|d| d.parse != "Raw") {
        for name in &d.names {
            let text = format!("Usage: {name} {}\n", d.usage.trim_end_matches('\n'));
            assert_eq!(call(&[name, "--help"]), (0, text));
        }
    }
}
