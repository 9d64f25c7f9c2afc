//! Looking for the few bytes that mean something in a long text. Used wherever a body is read
//! from end to end.

/// How many bytes are asked about at once.
const CHUNK: usize = 32;

/// Where the first byte stands that is one of those wanted. A whole chunk is asked about before
/// any byte of it is, without an early end, which compilers make vectors of.
pub(super) fn find<const N: usize>(bytes: &[u8], wanted: &[u8; N]) -> Option<usize> {
    let is_wanted = |byte: &u8| wanted.iter().fold(false, |found, other| found | (byte == other));
    let (chunks, rest) = bytes.as_chunks::<CHUNK>();
    let holds = |chunk: &[u8; CHUNK]| chunk.iter().fold(false, |found, byte| found | is_wanted(byte));
    let (before, bytes) = match chunks.iter().position(holds) {
        Some(i) => (i * CHUNK, chunks[i].as_slice()),
        None => (chunks.len() * CHUNK, rest),
    };
    bytes.iter().position(is_wanted).map(|at| before + at)
}

/// How many bytes `is` holds for; it should be a few comparisons, joined by `|`.
pub(super) fn count(bytes: &[u8], is: impl Fn(u8) -> bool) -> usize {
    // Sums of a byte's size are the fastest.
    let sum = |chunk: &[u8]| usize::from(chunk.iter().map(|byte| u8::from(is(*byte))).sum::<u8>());
    bytes.chunks(usize::from(u8::MAX)).map(sum).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_seen() {
        for len in [0, 1, 31, 32, 33, 64, 700] {
            let mut bytes = vec![b'a'; len];
            assert_eq!((find(&bytes, b"<"), count(&bytes, |b| b == b'a')), (None, len));
            for at in (0..len).rev() {
                bytes[at] = b'<';
                assert_eq!(find(&bytes, b"<"), Some(at));
            }
            assert_eq!(count(&bytes, |b| b == b'<'), len);
        }
    }
}
