//! Times as text and back: the calendar, time zones, dates, durations.

pub mod calendar;
pub mod duration;
pub mod parse;
pub mod strftime;
pub mod tz;
