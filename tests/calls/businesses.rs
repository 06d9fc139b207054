//! Several businesses on one server: the number that is dialled decides, and what changes in a file counts for the next call.

use std::fs;
use std::path::Path;

use sandbox::twilio::CallSetup;

use crate::gateway::{CALLER, DESK, Gateway, repository};

const BOBS: &str = "+15557778888";

/// The second business, with a greeting of recorded words.
fn put_bobs(folder: &Path, greeting: &str) {
    let example = fs::read_to_string(repository().join("business.toml")).expect("the example");
    let own = example.replace("Harbor Street Barbers", "Bob's");
    let text = format!("numbers = [\"{BOBS}\"]\n{own}\n[prompts]\ngreeting = \"{greeting} How can I help you?\"\n");
    fs::write(folder.join("bobs.toml"), text).expect("written");
}

async fn greeting(gateway: &Gateway, to: &str) -> String {
    let mut caller = gateway.caller_as(CallSetup::new(CALLER, to));
    caller.hears("how can i help you").await;
    let call_sid = caller.call_sid();
    let heard = caller.heard.join(" ");
    drop(caller);
    format!("{}: {heard}", gateway.record(&call_sid).await.business)
}

#[tokio::test]
async fn the_number_decides_and_a_changed_file_counts_for_the_next_call() {
    let mut folder = None;
    let gateway = Gateway::with(|place, settings| {
        let businesses = place.join("businesses");
        fs::create_dir(&businesses).expect("a folder");
        fs::copy(repository().join("business.toml"), businesses.join("main.toml")).expect("copied");
        put_bobs(&businesses, "We take cards and cash.");
        settings.insert("BUSINESS_FILE".into(), businesses.display().to_string());
        folder = Some(businesses);
    })
    .await;
    let folder = folder.expect("made");
    let harbor = greeting(&gateway, DESK).await;
    assert_eq!(harbor, "Harbor Street Barbers: thanks for calling harbor street barbers how can i help you");
    assert_eq!(greeting(&gateway, BOBS).await, "Bob's: we take cards and cash how can i help you");

    // Something wrong in a file changes nothing.
    let good = fs::read_to_string(folder.join("bobs.toml")).expect("readable");
    fs::write(folder.join("bobs.toml"), format!("grid = 5\n{good}")).expect("written");
    assert_eq!(greeting(&gateway, BOBS).await, "Bob's: we take cards and cash how can i help you");

    put_bobs(&folder, "You can park for free behind the building.");
    let wanted = "Bob's: you can park for free behind the building how can i help you";
    for call in 1.. {
        let heard = greeting(&gateway, BOBS).await;
        if heard == wanted {
            break;
        }
        assert!(call < 10, "the change is never taken over: {heard}");
    }
}
