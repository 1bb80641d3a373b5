//! What a URL says of a host and asks it.
//!
//! It owns the host behind `://` and the query. It must never know names of
//! hosts elsewhere.

use super::address::is_one_of;
use super::engine::Pass;
use super::host::{MOST, NO_HOSTS};
use super::names::Name;
use super::rules::Rule;
use super::text::class::{ALNUM, DASH, DIGIT, DOT, HOST, LETTER};
use super::tlds;

impl Pass<'_> {
    /// The host of a URL, also one without a domain. `start` is behind `://`.
    pub(super) fn url_host(&mut self, start: usize) {
        let text = self.text;
        let end = text.run_letters(start, HOST | DOT, MOST);
        // A name of which the last label is a domain is found by that.
        let last = text.back(end, ALNUM | DASH, 63);
        let domain = last > start && tlds::of(text.slice(last, end)).is_some();
        if text.byte(end) == b'@' || end < start + 2 || domain || !text.is(start, LETTER) {
            return;
        }
        let word = text.slice(start, end);
        let scheme =
            text.slice(text.back(start.saturating_sub(3), ALNUM, 16), start.saturating_sub(3));
        let none = NO_HOSTS.has(word)
            || is_one_of(scheme, &[b"file", b"about", b"data", b"app", b"resource", b"classpath"]);
        if !none
            && matches!(
                text.byte(end),
                b'/' | b':' | b'?' | 0..=b' ' | b'"' | b'\'' | b')' | b'>' | b','
            )
        {
            self.found(Rule::LogHost, start, end);
        }
    }

    /// A value in the query of a URL: its name stays.
    #[inline(never)]
    pub(super) fn query(&mut self, name: Name, at: usize) {
        let text = self.text;
        let begins = match text.before(name.start) {
            b'?' => self.is_url(name.start - 1),
            b'&' | b';' => name.start <= self.query_until,
            _ => false,
        };
        if !begins {
            return;
        }
        let end = text.until(at + 1, at + 4096, |byte| {
            byte <= b' '
                || matches!(
                    byte,
                    b'&' | b'#' | b'"' | b'\'' | b'<' | b'>' | b'`' | b')' | b']' | b'}' | b';'
                )
        });
        self.query_until = end + 1;
        let date = end == at + 11 && text.byte(at + 5) == b'-' && text.byte(at + 8) == b'-';
        let small = (end <= at + 4 || date) && text.all(at + 1, end, DIGIT | DASH);
        let flag = is_one_of(
            text.slice(at + 1, end),
            &[b"true", b"false", b"null", b"none", b"asc", b"desc", b"json"],
        );
        let format = matches!(text.byte(at + 1), b'{' | b'$' | b'%') && !text.is(at + 2, DIGIT);
        if !small && !flag && !format {
            self.found(Rule::UrlQuery, at + 1, end);
        }
    }

    /// Whether what ends before `at` is a URL, or the path of a request.
    fn is_url(&self, at: usize) -> bool {
        let text = self.text;
        let start = text.back_while(
            at,
            |byte| byte > b' ' && !matches!(byte, b'"' | b'\'' | b'<' | b'>' | b'`' | b'('),
            512,
        );
        let token = text.slice(start, at);
        text.byte(start) == b'/' || memchr::memmem::find(token, b"://").is_some()
    }
}
