//! What telemetry can say, as a file: the lock, its comparison, the check of
//! stored lines, the pages and forms that are made of it.

mod commands;
mod compare;
mod events;
mod file;
mod held;
mod lines;
mod lints;
mod lists;
mod notices;
mod pages;
mod random;
