use std::collections::HashMap;

use telemetry_core::Private;
use telemetry_core::leaf::Map;

fn main() {
    let visits = Private::new(HashMap::from([("jane.doe", 3)]));
    for _ in visits.entries().into_iter().flatten() {}
}
