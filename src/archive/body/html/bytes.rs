//! Searches a long text for the few bytes that matter. Used where a body is scanned from end to end.

/// Bytes tested at once.
const CHUNK: usize = 32;

/// Returns the position of the first byte that is in `wanted`.
pub(crate) fn find<const N: usize>(bytes: &[u8], wanted: &[u8; N]) -> Option<usize> {
    match *wanted.as_slice() {
        [byte] => memchr::memchr(byte, bytes),
        [one, two] => memchr::memchr2(one, two, bytes),
        [one, two, three] => memchr::memchr3(one, two, three, bytes),
        _ => find_many(bytes, wanted),
    }
}

/// Tests whole chunks without an early exit, so that the compiler vectorises the loop.
fn find_many<const N: usize>(bytes: &[u8], wanted: &[u8; N]) -> Option<usize> {
    let is_wanted = |byte: &u8| wanted.iter().fold(false, |found, other| found | (byte == other));
    let (chunks, rest) = bytes.as_chunks::<CHUNK>();
    let holds = |chunk: &[u8; CHUNK]| chunk.iter().fold(false, |found, byte| found | is_wanted(byte));
    let (before, bytes) = match chunks.iter().position(holds) {
        Some(i) => (i * CHUNK, chunks[i].as_slice()),
        None => (chunks.len() * CHUNK, rest),
    };
    bytes.iter().position(is_wanted).map(|at| before + at)
}

/// Counts the bytes that satisfy `is`, which should be a few comparisons joined by `|`.
pub(crate) fn count(bytes: &[u8], is: impl Fn(u8) -> bool) -> usize {
    // Sums that fit in a byte are the fastest.
    let sum = |chunk: &[u8]| usize::from(chunk.iter().map(|byte| u8::from(is(*byte))).sum::<u8>());
    bytes.chunks(usize::from(u8::MAX)).map(sum).sum()
}

/// Counts the line breaks of a text.
pub(crate) fn count_lines(text: &str) -> u32 {
    u32::try_from(count(text.as_bytes(), |b| b == b'\n')).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_at_every_position_are_found_and_counted() {
        for len in [0, 1, 31, 32, 33, 64, 700] {
            let mut bytes = vec![b'a'; len];
            assert_eq!((find(&bytes, b"<"), count(&bytes, |b| b == b'a')), (None, len));
            assert_eq!((find(&bytes, b"<&>"), find(&bytes, b"<&>\"")), (None, None));
            for at in (0..len).rev() {
                bytes[at] = b'<';
                assert_eq!((find(&bytes, b"<"), find(&bytes, b"&<")), (Some(at), Some(at)));
                assert_eq!((find(&bytes, b">&<"), find(&bytes, b">&\"<")), (Some(at), Some(at)));
            }
            assert_eq!(count(&bytes, |b| b == b'<'), len);
        }
    }
}
