//! Errors as fields: their words are scrubbed, their causes said once.

use std::error::Error;
use std::fmt;
use std::io;

use serde_json::{Value, json};
use telemetry_core::{Keys, Sanitizer, TelemetryEvent};

#[derive(Debug)]
struct Failed {
    doing: String,
    because: Option<io::Error>,
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "could not {}", self.doing)
    }
}

impl Error for Failed {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.because.as_ref().map(|error| error as _)
    }
}

fn failed() -> Failed {
    Failed {
        doing: "mail jane@corp.example".to_owned(),
        because: Some(io::Error::new(io::ErrorKind::NotFound, "/home/jane/.mail is gone")),
    }
}

#[derive(TelemetryEvent)]
#[telemetry(purpose = "diagnostics")]
struct Ended<'a> {
    #[telemetry(scrub)]
    borrowed: Option<&'a dyn Error>,
    #[telemetry(scrub)]
    boxed: Box<dyn Error + Send + Sync>,
    #[telemetry(scrub)]
    anyhow: anyhow::Error,
    #[telemetry(scrub)]
    eyre: eyre::Report,
    #[telemetry(scrub)]
    io: io::Error,
    #[telemetry(scrub)]
    none: Option<&'a (dyn Error + 'static)>,
    #[telemetry(length)]
    length: &'a dyn Error,
}

fn sanitised(event: &impl TelemetryEvent) -> Value {
    let sanitizer = Sanitizer::new(Keys::session().unwrap());
    serde_json::to_value(sanitizer.sanitize(event)).unwrap()
}

#[test]
fn an_error_is_scrubbed_with_its_causes() {
    let error = failed();
    let event = Ended {
        borrowed: Some(&error),
        boxed: Box::new(failed()),
        anyhow: anyhow::Error::new(failed()).context("ending for jane@corp.example"),
        eyre: eyre::Report::new(failed()),
        io: io::Error::other("no reply from 10.0.0.7"),
        none: None,
        length: &error,
    };
    let text = "could not mail [email]: /home/[user]/.mail is gone";
    let expected = json!({
        "borrowed": text,
        "boxed": text,
        "anyhow": format!("ending for [email]: {text}"),
        "eyre": text,
        "io": "no reply from [ip]",
        "length": "could not mail jane@corp.example: /home/jane/.mail is gone".len(),
    });
    assert_eq!(sanitised(&event), expected);
}
