//! Tokens that say by their own form what they are.
//!
//! It owns the prefixes that issuers put before their tokens, the JSON web
//! token and the PEM block. It must never know names of values.

use super::engine::Pass;
use super::rules::Rule;
use super::text::class::{self, ALNUM, BASE64, DASH, DIGIT, DOT, HEX, LETTER, UNDERSCORE, UPPER};

/// What an issuer begins its tokens with, and what must follow.
pub(super) struct Prefix {
    pub(super) text: &'static str,
    /// The shortest rest that any token of this issuer has.
    least: usize,
    pub(super) rest: u16,
}

const WORD: u16 = class::WORD;
/// The alphabet of base64 in URLs.
const URL64: u16 = WORD | DASH;
const WIDE: u16 = URL64 | DOT | BASE64;

const fn prefix(text: &'static str, least: usize, rest: u16) -> Prefix {
    Prefix { text, least, rest }
}

/// From the issuers' own documentation, so far as they have any.
pub(super) const PREFIXES: &[Prefix] = &[
    // Code hosts and build services.
    prefix("ghp_", 20, ALNUM),
    prefix("gho_", 20, ALNUM),
    prefix("ghu_", 20, ALNUM),
    prefix("ghs_", 20, ALNUM),
    prefix("ghr_", 20, ALNUM),
    prefix("github_pat_", 20, WORD),
    prefix("glpat-", 15, URL64 | DOT),
    prefix("gldt-", 15, URL64),
    prefix("glrt-", 15, URL64 | DOT),
    prefix("glrtr-", 15, URL64 | DOT),
    prefix("glcbt-", 15, URL64),
    prefix("glptt-", 15, URL64),
    prefix("glft-", 15, URL64),
    prefix("glsoat-", 15, URL64),
    prefix("glffct-", 15, URL64),
    prefix("glimt-", 15, URL64),
    prefix("glagent-", 15, URL64),
    prefix("gloas-", 15, URL64),
    prefix("_gitlab_session=", 16, ALNUM),
    prefix("GR1348941", 15, URL64),
    prefix("ATBB", 20, ALNUM),
    prefix("ATATT3", 20, WIDE),
    prefix("ATCTT3", 20, WIDE),
    prefix("CCIPAT_", 20, WORD),
    prefix("bkua_", 20, ALNUM),
    prefix("sonar_", 20, ALNUM),
    prefix("sqp_", 20, ALNUM),
    prefix("squ_", 20, ALNUM),
    prefix("sqa_", 20, ALNUM),
    prefix("sgp_", 20, WORD),
    prefix("sntrys_", 20, WIDE),
    prefix("sntryu_", 20, HEX),
    prefix("lin_api_", 20, ALNUM),
    prefix("figd_", 20, URL64),
    prefix("NRAK-", 20, ALNUM),
    prefix("NRJS-", 16, HEX),
    prefix("NRII-", 20, URL64),
    prefix("NRAA-", 20, ALNUM),
    prefix("ddp_", 20, ALNUM),
    prefix("phc_", 20, ALNUM),
    prefix("phx_", 20, ALNUM),
    prefix("PMAK-", 20, URL64),
    prefix("snyk_", 20, URL64 | DOT),
    prefix("v1.0-", 20, HEX | DASH),
    // Packages.
    prefix("npm_", 20, ALNUM),
    prefix("pypi-", 30, URL64),
    prefix("cio", 30, ALNUM),
    prefix("rubygems_", 20, HEX),
    prefix("oy2", 40, ALNUM),
    prefix("dckr_pat_", 20, URL64),
    prefix("dckr_oat_", 20, URL64),
    prefix("clojars_", 20, ALNUM),
    prefix("jfrt_", 20, ALNUM),
    prefix("AKCp", 40, ALNUM),
    prefix("cmVmdGtu", 30, ALNUM),
    // Clouds.
    prefix("AKIA", 16, ALNUM),
    prefix("ASIA", 16, ALNUM),
    prefix("ABIA", 16, ALNUM),
    prefix("ACCA", 16, ALNUM),
    prefix("A3T", 16, ALNUM),
    prefix("ABSK", 40, WIDE),
    prefix("AIza", 30, URL64),
    prefix("ya29.", 20, URL64 | DOT),
    prefix("GOCSPX-", 20, URL64),
    prefix("LTAI", 12, ALNUM),
    prefix("AKID", 20, ALNUM),
    prefix("dop_v1_", 30, HEX),
    prefix("doo_v1_", 30, HEX),
    prefix("dor_v1_", 30, HEX),
    prefix("DO00", 16, ALNUM),
    prefix("hf_", 25, ALNUM),
    prefix("api_org_", 25, ALNUM),
    prefix("r8_", 30, ALNUM),
    prefix("pcsk_", 30, WORD),
    prefix("dapi", 32, HEX | DASH),
    prefix("dose", 32, HEX),
    prefix("pul-", 30, HEX),
    prefix("tfp_", 30, WORD),
    prefix("fo1_", 30, URL64),
    prefix("fm1r_", 30, WIDE),
    prefix("fm2_", 30, WIDE),
    prefix("FlyV1 ", 30, WIDE | UNDERSCORE),
    prefix("rnd_", 20, ALNUM),
    prefix("rpa_", 20, ALNUM),
    prefix("nfp_", 20, ALNUM),
    prefix("vercel_", 20, ALNUM),
    prefix("cfut_", 30, URL64),
    prefix("cfat_", 30, URL64),
    prefix("HRKU-", 20, URL64),
    prefix("tskey-", 15, URL64),
    prefix("nvapi-", 30, URL64),
    prefix("hvs.", 20, URL64),
    prefix("hvb.", 20, URL64),
    prefix("hvr.", 20, URL64),
    prefix("dp.pt.", 30, ALNUM),
    prefix("dp.st.", 30, WIDE),
    prefix("dp.ct.", 30, ALNUM),
    prefix("dp.scim.", 30, ALNUM),
    prefix("dp.audit.", 30, ALNUM),
    prefix("ops_eyJ", 30, WIDE),
    prefix("AGE-SECRET-KEY-1", 40, ALNUM),
    prefix("infracost", 20, URL64),
    prefix("ico-", 30, ALNUM),
    prefix("glsa_", 20, WORD),
    prefix("glc_", 30, WIDE),
    prefix("eyJrIjoi", 30, WIDE),
    prefix("pscale_tkn_", 30, WIDE),
    prefix("pscale_pw_", 30, WIDE),
    prefix("pscale_oauth_", 30, WIDE),
    prefix("sbp_", 30, WORD),
    prefix("sb_secret_", 20, URL64),
    prefix("sb_publishable_", 20, URL64),
    prefix("napi_", 30, ALNUM),
    prefix("xau_", 30, ALNUM),
    // Models.
    prefix("sk-", 20, URL64),
    prefix("gsk_", 30, ALNUM),
    prefix("xai-", 30, WORD),
    prefix("pplx-", 30, ALNUM),
    prefix("lsv2_", 30, WORD),
    prefix("tgp_v1_", 30, URL64),
    prefix("fw_", 22, ALNUM),
    prefix("csk-", 30, ALNUM),
    prefix("sk-or-v1-", 40, HEX),
    // Money.
    prefix("sk_live_", 10, ALNUM),
    prefix("sk_test_", 10, ALNUM),
    prefix("sk_prod_", 10, ALNUM),
    prefix("rk_live_", 10, ALNUM),
    prefix("rk_test_", 10, ALNUM),
    prefix("rk_prod_", 10, ALNUM),
    prefix("pk_live_", 10, ALNUM),
    prefix("pk_test_", 10, ALNUM),
    prefix("whsec_", 20, WIDE),
    prefix("access_token$production$", 20, HEX),
    prefix("sq0atp-", 20, URL64),
    prefix("sq0csp-", 20, URL64),
    prefix("EAAA", 50, WIDE),
    prefix("EAAC", 50, ALNUM),
    prefix("FLWSECK", 12, WIDE | UNDERSCORE),
    prefix("FLWPUBK", 12, WIDE | UNDERSCORE),
    prefix("rzp_live_", 12, ALNUM),
    prefix("rzp_test_", 12, ALNUM),
    prefix("duffel_", 20, WIDE | UNDERSCORE),
    prefix("EZAK", 40, ALNUM),
    prefix("EZTK", 40, ALNUM),
    prefix("shippo_", 20, WORD),
    prefix("shpat_", 20, HEX),
    prefix("shpca_", 20, HEX),
    prefix("shppa_", 20, HEX),
    prefix("shpss_", 20, HEX),
    prefix("access-production-", 30, HEX | DASH),
    prefix("access-development-", 30, HEX | DASH),
    prefix("access-sandbox-", 30, HEX | DASH),
    prefix("live_", 30, HEX),
    prefix("test_", 30, HEX),
    // Messages, and work.
    // The second half of what begins with two letters and a hexadecimal digit.
    prefix("SK0", 31, HEX),
    prefix("SK1", 31, HEX),
    prefix("SK2", 31, HEX),
    prefix("SK3", 31, HEX),
    prefix("SK4", 31, HEX),
    prefix("SK5", 31, HEX),
    prefix("SK6", 31, HEX),
    prefix("SK7", 31, HEX),
    prefix("SK8", 31, HEX),
    prefix("SK9", 31, HEX),
    prefix("SKa", 31, HEX),
    prefix("SKb", 31, HEX),
    prefix("SKc", 31, HEX),
    prefix("SKd", 31, HEX),
    prefix("SKe", 31, HEX),
    prefix("SKf", 31, HEX),
    prefix("CFPAT-", 30, URL64),
    prefix("aio_", 24, ALNUM),
    prefix("rdme_", 50, ALNUM),
    prefix("tk-us-", 40, URL64),
    prefix("tk-eu-", 40, URL64),
    prefix("pnu_", 30, ALNUM),
    prefix("pnb_", 30, ALNUM),
    prefix("SWMTKN-1-", 50, URL64),
    prefix("SWMKEY-1-", 30, WIDE),
    prefix("pat", 70, ALNUM | DOT),
    prefix("sl.", 60, URL64),
    prefix("t1.", 60, WIDE),
    prefix("AQVN", 30, URL64),
    prefix("atlasv1.", 40, URL64),
    prefix("cplt_", 20, WORD),
    prefix("dnkey-", 30, URL64),
    prefix("gitea_", 30, HEX),
    prefix("key_live_", 20, WORD),
    prefix("lob_live_", 20, WORD),
    prefix("ATOA", 30, WIDE),
    prefix("xnd_production_", 20, WORD),
    prefix("rk-", 40, ALNUM),
    prefix("bearer_", 30, WORD),
    prefix("xoxb-", 10, URL64),
    prefix("xoxp-", 10, URL64),
    prefix("xoxa-", 10, URL64),
    prefix("xoxr-", 10, URL64),
    prefix("xoxs-", 10, URL64),
    prefix("xoxo-", 10, URL64),
    prefix("xoxc-", 10, URL64),
    prefix("xoxd-", 10, WIDE | class::LOCAL),
    prefix("xoxe-", 10, URL64),
    prefix("xoxe.", 10, URL64 | DOT),
    prefix("xapp-", 10, URL64),
    prefix("xwfp-", 10, URL64),
    prefix("SG.", 30, URL64 | DOT),
    prefix("xkeysib-", 30, URL64),
    prefix("xsmtpsib-", 30, URL64),
    prefix("key-", 32, HEX),
    prefix("hooks.slack.com/services/", 20, WIDE),
    prefix("hooks.slack.com/workflows/", 20, WIDE),
    prefix("discord.com/api/webhooks/", 20, WIDE),
    prefix("discordapp.com/api/webhooks/", 20, WIDE),
    prefix("EAAG", 50, ALNUM),
    prefix("AAAA", 80, URL64 | class::LOCAL),
    prefix("pat-na1-", 30, HEX | DASH),
    prefix("pat-eu1-", 30, HEX | DASH),
    prefix("secret_", 40, ALNUM),
    prefix("ntn_", 40, ALNUM),
    prefix("dt0c01.", 20, WIDE),
    prefix("dt0s01.", 20, WIDE),
    prefix("CLOJARS_", 40, ALNUM),
    prefix("p8e-", 30, ALNUM),
    prefix("ABTT", 40, ALNUM),
    prefix("zpka_", 20, WORD),
    prefix("fio-u-", 30, URL64),
    prefix("apify_api_", 30, ALNUM),
    prefix("airtable_", 30, ALNUM),
    prefix("mfa.", 60, URL64),
    prefix("EAAB", 50, ALNUM),
    prefix("bb_live_", 20, WORD),
    prefix("ctx7sk-", 20, URL64),
    prefix("e2b_", 30, HEX),
    prefix("exa_", 30, URL64),
    prefix("fc-", 32, HEX),
    prefix("tvly-", 20, URL64),
    prefix("re_", 24, WORD),
    prefix("sk_", 40, WORD),
];

/// The longest token that is looked through; what is longer is hidden as far
/// as its bytes go on.
const MOST: usize = 4096;

impl Pass<'_> {
    pub(super) fn token(&mut self, at: usize, place: usize) {
        let Some(prefix) = PREFIXES.get(place) else { return };
        let text = self.text;
        if self.glued_before(at) && !text.ends(at, b"%20") {
            return;
        }
        let rest = at + prefix.text.len();
        let mut end = text.run(rest, prefix.rest, MOST);
        // What ends a sentence is no part of a token.
        while end > rest && matches!(text.before(end), b'.' | b'-' | b'~') {
            end -= 1;
        }
        let mixed = text.any(rest, end, DIGIT) || self.mixed_case(rest, end);
        if end < rest + prefix.least || !mixed {
            return;
        }
        // `….atlasv1.…`: the number of the token stands before.
        let at = if prefix.text == "atlasv1." && text.before(at) == b'.' {
            text.back(at - 1, ALNUM, 20)
        } else {
            at
        };
        self.found(Rule::ApiToken, at, end);
    }

    /// Three parts of 23 to 28, 6 or 7, and 27 and more: the number of a bot, a
    /// time and a sum, as Discord writes it. `at` is the first byte of the second.
    pub(super) fn three_parts(&mut self, at: usize) {
        let text = self.text;
        let dot = text.run(at, URL64, 8);
        let start = text.back(at - 1, URL64, 29);
        let end = text.run(dot + 1, URL64, 64);
        if matches!(dot - at, 6 | 7)
            && text.byte(dot) == b'.'
            && (23..=28).contains(&(at - 1 - start))
            && (27..=40).contains(&(end - dot - 1))
            && matches!(text.byte(start), b'M' | b'N' | b'O')
            && !self.glued_before(start)
        {
            self.found(Rule::ApiToken, start, end);
        }
    }

    /// `1//0e…`, as Google begins what renews a token: the only prefix that
    /// begins with a digit. `at` is behind the digit.
    pub(super) fn one(&mut self, at: usize) {
        let text = self.text;
        if !text.ends(at + 3, b"1//0") || self.glued_before(at - 1) {
            return;
        }
        let end = text.run(at + 3, URL64, MOST);
        if end >= at + 33 && self.mixed_case(at, end) {
            self.found(Rule::ApiToken, at - 1, end);
        }
    }

    /// `123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw`: the number of a bot, a
    /// colon and its token.
    pub(super) fn bot_token(&mut self, colon: usize) {
        let text = self.text;
        let start = text.back(colon, DIGIT, 12);
        let end = text.run(colon + 1, URL64, 64);
        if colon >= start + 8 && end >= colon + 31 && !self.glued_before(start) {
            self.found(Rule::ApiToken, start, end);
        }
    }

    fn mixed_case(&self, from: usize, to: usize) -> bool {
        self.text.any(from, to, UPPER)
            && self.text.count(from, to, LETTER) > self.text.count(from, to, UPPER)
    }

    /// Header, payload and signature, the first two of them JSON.
    pub(super) fn jwt(&mut self, at: usize) {
        let text = self.text;
        if self.glued_before(at) {
            return;
        }
        let header = text.run(at, URL64, MOST);
        if text.byte(header) != b'.' || header < at + 10 {
            return;
        }
        let payload = text.run(header + 1, URL64, 4 * MOST);
        // Of an encrypted token the second part is a key and can be empty.
        if payload < header + 5 && text.byte(payload) != b'.' {
            return;
        }
        let end = text.run(payload, URL64 | DOT | BASE64, 4 * MOST);
        let end = if text.before(end) == b'.' { end - 1 } else { end };
        self.found(Rule::Jwt, at, end);
    }

    /// The word after `Bearer` or `Basic`.
    pub(super) fn bearer(&mut self, at: usize, end: usize) {
        let text = self.text;
        if self.glued_before(at) {
            return;
        }
        let start = text.run(end, class::BLANK, 8);
        let end = text.run(start, WIDE, MOST);
        let basic = text.byte(at) | 0x20 == b'b' && text.byte(at + 1) | 0x20 == b'a';
        let encoded = !basic || (end - start).is_multiple_of(4) || text.before(end) == b'=';
        let least = if basic { 8 } else { 12 };
        let digit = text.any(start, end, DIGIT) || (basic && self.mixed_case(start, end));
        if end >= start + least && digit && encoded {
            self.found(Rule::BearerToken, start, end);
        }
    }

    /// The body between `-----BEGIN …-----` and `-----END …`, or as far as it
    /// goes when it has been cut off.
    pub(super) fn pem(&mut self, at: usize) {
        let text = self.text;
        // `----` stands in SSH2 keys.
        if at < self.pem_until || !text.ends(at, b"----") {
            return;
        }
        let title = text.until(at + 5, at + 80, |byte| byte == b'-' || byte < b' ');
        let body = text.run(title, DASH, 5);
        if body < title + 4 {
            return;
        }
        let end = self.pem_end(body);
        self.pem_until = end;
        let start = text.run(body, class::WHITE, 64);
        let mut last = end;
        while last > start && text.is_before(last, class::WHITE) {
            last -= 1;
        }
        if start < last {
            self.found(Rule::Pem, start, last);
        }
    }

    fn pem_end(&mut self, body: usize) -> usize {
        let text = self.text;
        if !self.no_pem_end {
            if let Some(length) = memchr::memmem::find(text.slice(body, text.len()), b"----END ") {
                super::text::steps(length);
                let end = body + length;
                return if text.before(end) == b'-' { end - 1 } else { end };
            }
            super::text::steps(text.len() - body);
            self.no_pem_end = true;
        }
        // Lines of base64, also with their ends escaped, and quoting marks.
        text.until(body, text.len(), |byte| {
            !super::text::is(byte, ALNUM | BASE64 | class::WHITE | class::BACKSLASH)
        })
    }
}
