//! `finews.json`, the object that names the format and the site of a bucket.

use serde::Deserialize;

use super::commit::random_id;
use super::error::BucketError;
use super::http_client::Pace;
use super::store::BucketStore;

/// The format of the layout and of commits.
pub const FORMAT: u64 = 1;

pub(super) const KEY: &str = "finews.json";

/// The tries to read or create the object.
const TRIES: usize = 8;

#[derive(Debug, Deserialize)]
struct Identity {
    site: String,
}

/// Reads the id of the site.
pub(super) async fn read_site(store: &BucketStore) -> Result<String, BucketError> {
    let url = store.name().to_owned();
    let Some(bytes) = store.get(Pace::Normal, KEY, None).await? else {
        return Err(BucketError::Absent { url });
    };
    // Another format may have other fields.
    let json = serde_json::from_slice::<serde_json::Value>(&bytes);
    let format = json.ok().and_then(|json| json["format"].as_u64());
    if let Some(found) = format.filter(|format| *format != FORMAT) {
        return Err(BucketError::OtherFormat { url, found, expected: FORMAT });
    }
    let damaged = |reason| BucketError::Damaged { url, key: KEY.into(), reason };
    match serde_json::from_slice::<Identity>(&bytes) {
        Ok(identity) if is_id(&identity.site) => Ok(identity.site),
        Ok(_) => Err(damaged("its `site` has not 32 hexadecimal digits".into())),
        Err(error) => Err(damaged(error.to_string())),
    }
}

/// Reads the id of the site, and creates the object with a new id if it is absent.
pub(super) async fn read_or_create_site(store: &BucketStore) -> Result<String, BucketError> {
    let json = format!(r#"{{"format":{FORMAT},"site":"{}"}}"#, random_id());
    let mut last = None;
    for _ in 0..TRIES {
        match read_site(store).await {
            Err(BucketError::Absent { .. }) => {}
            Err(error) if error.is_temporary() => {
                last = Some(error);
                continue;
            }
            other => return other,
        }
        // Another writer may be first, so the object is read again in any case.
        match store.create(KEY, json.clone().into()).await {
            Ok(_) => {}
            Err(error) if error.is_temporary() => last = Some(error),
            Err(error) => return Err(error),
        }
    }
    match last {
        Some(error) => Err(error),
        None => read_site(store).await,
    }
}

fn is_id(site: &str) -> bool {
    site.len() == 32 && site.bytes().all(|byte| byte.is_ascii_hexdigit())
}
