//! The command line as a user sees it: real processes of a program that has
//! `telemetry` as a subcommand of its own.

mod apps;
mod commands;
mod flag;
mod help;
mod json;
mod pages;
mod program;
mod sending;
mod show;
mod status;
mod terminal;
