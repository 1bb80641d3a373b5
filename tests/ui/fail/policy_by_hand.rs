use telemetry_core::leaf::{Context, LeafPolicy, Sink, kind};

struct AsItIs;

impl LeafPolicy for AsItIs {
    type Kind = kind::Text;
    fn apply<R: Sink>(&self, text: &str, _: Context<'_>, sink: R) -> Result<R::Ok, R::Error> {
        sink.value(text)
    }
}

fn main() {}
