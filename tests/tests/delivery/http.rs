//! How requests travel: headers, TLS, proxies, redirects.

use std::io::{Read, Write};
use std::process::Command;

use telemetry_core::export::unstable::{Delivery, Permission};
use telemetry_core::export::{App, HttpTransport, Ndjson};
use telemetry_tests::receiver::Receiver;

use crate::{Place, ids, run};

fn app() -> App {
    App::new("tests", "1.2.3").unwrap()
}

#[test]
fn a_request_says_what_is_needed_and_nothing_else() {
    let place = Place::new();
    let receiver = place.receiver("ok");
    place.record(3, 20);
    place.deliver(&receiver);
    let received = receiver.received();
    let request = &received[0];
    assert_eq!(request.line, "POST /events HTTP/1.1");
    let names: Vec<&str> = request.headers.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "accept",
            "content-encoding",
            "content-length",
            "content-type",
            "host",
            "idempotency-key",
            "user-agent"
        ]
    );
    assert_eq!(request.headers["user-agent"], "tests/1.2.3");
    assert_eq!(request.headers["content-type"], "application/x-ndjson");
    assert_eq!(request.headers["content-encoding"], "gzip");
    assert_eq!(request.headers["idempotency-key"].len(), 32);
}

#[test]
fn compression_can_be_left_out() {
    let place = Place::new();
    let receiver = place.receiver("ok");
    place.record(3, 20);
    let http = HttpTransport::builder(receiver.url()).without_gzip().build().unwrap();
    run(&Delivery::builder(place.spool(), app(), Ndjson, http, Permission::granted).build());
    let received = receiver.received();
    assert!(!received[0].headers.contains_key("content-encoding"));
    assert_eq!(ids(&received).len(), 3);
}

#[test]
fn a_repeated_batch_has_the_same_key_and_the_same_events() {
    let place = Place::new();
    let receiver = place.receiver("reset-after,ok");
    place.record(3, 20);
    let minutes = std::sync::Arc::new(std::sync::atomic::AtomicU64::new(0));
    for _ in 0..2 {
        let minutes = std::sync::Arc::clone(&minutes);
        let clock = move || {
            let passed = minutes.fetch_add(60, std::sync::atomic::Ordering::SeqCst);
            std::time::SystemTime::now() + std::time::Duration::from_secs(passed)
        };
        run(&place.delivery(&receiver.url()).clock(clock).build());
    }
    let received = receiver.received();
    assert_eq!(received.len(), 2);
    assert_eq!(received[0].headers["idempotency-key"], received[1].headers["idempotency-key"]);
    assert_eq!(received[0].body, received[1].body);
}

#[test]
fn a_redirect_is_not_followed() {
    let other = Place::new();
    let elsewhere = other.receiver("ok");
    for (mode, status) in [("redirect", "status 307"), ("found", "status 302")] {
        let place = Place::new();
        let receiver = place.receiver(&format!("{mode}={}", elsewhere.url()));
        let recorded = place.record(3, 20);
        let report = place.deliver(&receiver);
        assert_eq!(report.failure.as_deref(), Some(status));
        assert_eq!(place.stored(), recorded);
    }
    assert_eq!(elsewhere.received(), []);
}

#[test]
fn plain_http_goes_to_this_machine_alone() {
    for url in ["http://telemetry.example/", "http://192.0.2.1/", "http://127.0.0.1.example/"] {
        let error = HttpTransport::builder(url).build().unwrap_err();
        assert!(error.is_argument() && error.to_string().contains("plain HTTP"), "{url}: {error}");
        assert!(HttpTransport::builder(url).allow_plain_http().build().is_ok(), "{url}");
    }
    for url in ["http://localhost:1/", "http://127.0.0.1/", "http://[::1]:1/", "https://a.example"]
    {
        assert!(HttpTransport::builder(url).build().is_ok(), "{url}");
    }
    for url in [
        "",
        "telemetry.example",
        "ftp://a.example/",
        "/events",
        "https://",
        "https://u:p@a.example/",
    ] {
        let error = HttpTransport::builder(url).build().unwrap_err();
        assert!(error.is_argument(), "{url}: {error}");
    }
}

#[test]
fn a_key_is_sent_and_shown_nowhere() {
    let place = Place::new();
    let receiver = place.receiver("ok");
    place.record(3, 20);
    let builder = HttpTransport::builder(format!("{}?key=CANARY1", receiver.url()))
        .basic_auth("CANARY2", "")
        .header("x-key", "CANARY3");
    let shown = format!("{builder:?}");
    let http = builder.build().unwrap();
    let shown = format!("{shown}{http:?}");
    let delivery = Delivery::builder(place.spool(), app(), Ndjson, http, Permission::granted);
    let delivery = delivery.build();
    let shown = format!("{shown}{delivery:?}{:?}", run(&delivery));
    assert!(!shown.contains("CANARY"), "{shown}");
    let log = std::fs::read_to_string(place.spool().join("sent.ndjson")).unwrap();
    assert!(!log.contains("CANARY") && !log.contains("Q0FOQVJZ"), "{log}");

    let received = receiver.received();
    assert_eq!(received[0].line, "POST /events?key=CANARY1 HTTP/1.1");
    // printf CANARY2: | base64
    assert_eq!(received[0].headers["authorization"], "Basic Q0FOQVJZMjo=");
    assert_eq!(received[0].headers["x-key"], "CANARY3");
    for (name, value) in [("x-key", "CANARY\n"), ("x key", "CANARY")] {
        let error = HttpTransport::builder(receiver.url()).header(name, value).build();
        assert!(!format!("{:?}", error.unwrap_err()).contains("CANARY"));
    }
}

/// Delivers in a process of its own, whose environment names a proxy.
fn through(place: &Place, url: &str, variables: &[(&str, &str)]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sender"));
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"] {
        command.env_remove(name).env_remove(name.to_ascii_lowercase());
    }
    command.arg("once").arg(place.spool()).arg(url);
    command.env("SENDER_PLAIN_HTTP", "1").envs(variables.iter().copied());
    let output = command.output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

fn proxy(receiver: &Receiver) -> String {
    format!("http://{}", receiver.address())
}

#[test]
fn the_proxy_of_the_environment_is_used() {
    for variable in ["HTTP_PROXY", "http_proxy", "ALL_PROXY"] {
        let place = Place::new();
        let receiver = place.receiver("proxy");
        place.record(3, 20);
        // Only the proxy can look this name up.
        let said =
            through(&place, "http://telemetry.invalid/events", &[(variable, &proxy(&receiver))]);
        assert!(said.contains("sent: 3"), "{variable}: {said}");
        let received = receiver.received();
        assert_eq!(received[0].line, "CONNECT telemetry.invalid:80 HTTP/1.1", "{variable}");
        assert_eq!(ids(&received[1..]).len(), 3, "{variable}");
    }
}

#[test]
fn the_proxy_for_tls_sees_a_name_and_no_event() {
    let place = Place::new();
    let receiver = place.receiver("proxy");
    let recorded = place.record(3, 20);
    let said =
        through(&place, "https://telemetry.invalid/events", &[("HTTPS_PROXY", &proxy(&receiver))]);
    assert!(said.contains("sent: 0"), "{said}");
    let received = receiver.received();
    assert_eq!(received[0].line, "CONNECT telemetry.invalid:443 HTTP/1.1");
    assert_eq!(received.len(), 1);
    assert_eq!(place.stored(), recorded);
}

#[test]
fn no_proxy_and_this_machine_go_round_the_proxy() {
    let place = Place::new();
    let wrong = Place::new();
    let proxied = wrong.receiver("proxy");
    let receiver = place.receiver("ok");
    place.record(3, 20);
    let variables = [("HTTP_PROXY", proxy(&proxied)), ("ALL_PROXY", proxy(&proxied))];
    let variables = variables.each_ref().map(|(name, value)| (*name, value.as_str()));
    let said = through(&place, &receiver.url(), &variables);
    assert!(said.contains("sent: 3"), "{said}");

    let exempt = [variables.as_slice(), &[("NO_PROXY", "example, .INVALID")]].concat();
    place.record(3, 20);
    let said = through(&place, "http://telemetry.invalid/", &exempt);
    assert!(said.contains("sent: 0"), "{said}");
    assert_eq!(proxied.received(), []);
}

#[test]
fn a_proxy_that_cannot_be_understood_is_not_gone_round_and_ends_no_program() {
    let place = Place::new();
    let recorded = place.record(3, 20);
    let said = through(&place, "http://telemetry.invalid/", &[("HTTP_PROXY", "no such://proxy")]);
    assert!(said.contains("Unable") && said.contains("HTTP_PROXY"), "{said}");
    assert_eq!(place.stored(), recorded);
}

/// What a receiver with TLS needs, whose certificate an authority of our own has
/// signed, and the certificate of that authority.
pub(crate) fn tls() -> (std::sync::Arc<rustls::ServerConfig>, String) {
    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
    use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_key = KeyPair::generate().unwrap();
    let pem = authority.self_signed(&authority_key).unwrap().pem();
    let issuer = Issuer::new(authority, authority_key);
    let key = KeyPair::generate().unwrap();
    let names = vec!["127.0.0.1".to_owned()];
    let certificate = CertificateParams::new(names).unwrap().signed_by(&key, &issuer).unwrap();

    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    (std::sync::Arc::new(config), pem)
}

/// A receiver with TLS for one request. Returns its address and the certificate
/// of the authority behind it.
fn tls_receiver() -> (std::net::SocketAddr, String) {
    let (config, pem) = tls();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let connection = rustls::ServerConnection::new(config).unwrap();
        let mut stream = rustls::StreamOwned::new(connection, listener.accept().unwrap().0);
        // A client that does not trust the certificate ends this here.
        let _ = answer(&mut stream);
    });
    (address, pem)
}

fn answer(stream: &mut (impl Read + Write)) -> std::io::Result<()> {
    let mut request = Vec::new();
    let mut buffer = [0; 16 * 1024];
    // The requests of these tests are short: the last byte read ends one.
    while !request.windows(4).any(|bytes| bytes == b"\r\n\r\n") {
        let length = stream.read(&mut buffer)?;
        if length == 0 {
            return Ok(());
        }
        request.extend_from_slice(&buffer[..length]);
    }
    stream.write_all(b"HTTP/1.1 204 Taken\r\nConnection: close\r\n\r\n")?;
    stream.flush()
}

#[test]
fn an_authority_of_ones_own_is_trusted_when_it_is_named() {
    let place = Place::new();
    place.record(3, 20);
    let (address, pem) = tls_receiver();
    let http = HttpTransport::builder(format!("https://{address}/")).ca_pem(pem);
    let http = http.build().unwrap();
    let delivery = Delivery::builder(place.spool(), app(), Ndjson, http, Permission::granted);
    let report = run(&delivery.build());
    assert_eq!(report.sent, 3, "{report:?}");
}

#[test]
fn a_receiver_that_nobody_vouches_for_gets_nothing() {
    let (_, other) = tls_receiver();
    for ca in [None, Some(other)] {
        let place = Place::new();
        let recorded = place.record(3, 20);
        let (address, _) = tls_receiver();
        let mut http = HttpTransport::builder(format!("https://{address}/"));
        if let Some(ca) = ca {
            http = http.ca_pem(ca);
        }
        let http = http.build().unwrap();
        let delivery = Delivery::builder(place.spool(), app(), Ndjson, http, Permission::granted);
        let report = run(&delivery.build());
        assert!(report.failure.as_ref().unwrap().contains("TLS"), "{report:?}");
        assert_eq!(place.stored(), recorded);
        let log = telemetry_core::export::sent::read(&place.spool()).unwrap();
        assert_eq!(log, [], "no event left");
    }
}

#[test]
fn certificates_that_cannot_be_read_are_an_error() {
    for pem in ["", "CANARY", "-----BEGIN CERTIFICATE-----\n*CANARY*\n-----END CERTIFICATE-----\n"]
    {
        let error = HttpTransport::builder("https://a.example").ca_pem(pem).build();
        let error = error.unwrap_err();
        assert!(error.is_argument() && !error.to_string().contains("CANARY"), "{error}");
    }
}
