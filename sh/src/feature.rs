//! What a shell may be built without: the features of this crate. The code of a feature asks here where it is entered,
//! and the compiler leaves out what lies behind that door.

/// The line editor: completion, history, `fc`, escapes in prompts.
pub(crate) const EDIT: bool = cfg!(feature = "edit");
/// What is beyond POSIX.1-2024: `[[ … ]]`, `((…))`, braces, `${x/…}` and their kin.
pub(crate) const BASH: bool = cfg!(feature = "bash");
/// Job control: `set -m`, `fg`, `bg`, `jobs`, `%1`, and what a person is told of jobs.
pub(crate) const JOBS: bool = cfg!(feature = "jobs");

// One of two literals, for `concat!`: with the feature, and without it.
macro_rules! choice {
    ($feature:literal, $name:ident) => {
        #[cfg(feature = $feature)]
        macro_rules! $name {
            ($with:literal, $without:literal) => {
                $with
            };
        }
        #[cfg(not(feature = $feature))]
        macro_rules! $name {
            ($with:literal, $without:literal) => {
                $without
            };
        }
        pub(crate) use $name;
    };
}

choice!("edit", edit);
choice!("bash", bash);
choice!("jobs", jobs);
