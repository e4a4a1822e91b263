//! Times as text: time zones, dates.

pub mod strftime;
pub mod tz;
