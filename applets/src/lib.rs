//! The applets once more, as a library: for the fuzz targets in `fuzz/` alone. It is empty without the feature
//! `fuzzing`, which no binary has.

#![no_std]
// The table is there, but not the binary that looks into it.
#![cfg_attr(feature = "fuzzing", allow(dead_code))]

#[cfg(feature = "fuzzing")]
extern crate alloc;
#[cfg(feature = "fuzzing")]
extern crate std;

#[cfg(feature = "fuzzing")]
#[macro_use]
mod declare;
#[cfg(feature = "fuzzing")]
pub mod fuzz;
#[cfg(feature = "fuzzing")]
mod modutils;
#[cfg(feature = "fuzzing")]
include!(concat!(env!("OUT_DIR"), "/table.rs"));
