//! The wait for a store that does not answer, while a push follows its site.

use std::time::Duration;

use tokio::sync::watch;

use crate::bucket::error::BucketError;

/// The time between two attempts.
const PAUSE: Duration = Duration::from_secs(1);

/// Repeats requests during an outage of the store.
#[derive(Debug)]
pub(super) struct Outage {
    bridges: fn(&BucketError) -> bool,
    /// True once the push must stop.
    stop: watch::Receiver<bool>,
}

impl Outage {
    /// Creates the rule of a push, which repeats requests only if it follows the site.
    pub(super) fn new(follow: bool, stop: watch::Receiver<bool>) -> Self {
        let bridges: fn(&BucketError) -> bool = if follow { BucketError::is_temporary } else { |_| false };
        Self { bridges, stop }
    }

    /// Repeats requests also while the store denies them: the credentials were valid before, so others may follow.
    pub(super) fn bridge_denials(&mut self) {
        self.bridges = |error| {
            let is_denial = matches!(
                error,
                BucketError::Forbidden { .. }
                    | BucketError::NoCredentials { .. }
                    | BucketError::WrongClock { .. }
            );
            is_denial || error.is_temporary()
        };
    }

    /// Completes when the push must stop.
    pub(super) fn stopped(&self) -> impl Future<Output = ()> + use<> {
        let mut stop = self.stop.clone();
        async move {
            if stop.wait_for(|stop| *stop).await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// Sends a request until the store answers or the push must stop. The log gets a line at the start and at the end of
    /// an outage.
    pub(super) async fn bridge<T>(
        &self,
        mut request: impl AsyncFnMut() -> Result<T, BucketError>,
    ) -> Result<T, BucketError> {
        let mut is_away = false;
        loop {
            match request().await {
                Err(error) if (self.bridges)(&error) => {
                    if !std::mem::replace(&mut is_away, true) {
                        tracing::warn!("{error}; finews tries again until the store answers");
                    }
                    tokio::select! {
                        () = tokio::time::sleep(PAUSE) => {}
                        () = self.stopped() => return Err(error),
                    }
                }
                answer => {
                    if is_away && answer.is_ok() {
                        tracing::info!("the store answers again");
                    }
                    return answer;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn outage_is_bridged_until_the_push_stops() {
        let (stop, stopping) = watch::channel(false);
        let away = || BucketError::Unreachable { url: "u".into(), reason: "r".into() };
        let denied = || BucketError::WrongClock { url: "u".into() };
        let mut answers = vec![Ok(1), Err(away())];
        let mut outage = Outage::new(true, stopping.clone());
        assert_eq!(outage.bridge(async || answers.pop().expect("an answer")).await.ok(), Some(1));
        assert!(outage.bridge(async || Err::<u8, _>(denied())).await.is_err());
        outage.bridge_denials();
        let mut answers = vec![Ok(2), Err(denied())];
        assert_eq!(outage.bridge(async || answers.pop().expect("an answer")).await.ok(), Some(2));
        assert!(Outage::new(false, stopping).bridge(async || Err::<u8, _>(away())).await.is_err());
        stop.send_replace(true);
        assert!(outage.bridge(async || Err::<u8, _>(away())).await.is_err());
    }
}
