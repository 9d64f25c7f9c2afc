//! Commits and packs survive their encoding, and damaged ones are rejected with a reason.

use proptest::prelude::*;

use super::*;

fn header() -> CommitHeader {
    CommitHeader {
        id: "d".repeat(32),
        seq: 7,
        site: "a".repeat(32),
        at: DateTime::from_timestamp(1_785_000_000, 0).expect("a time"),
        by: "host".into(),
        gone: vec!["_posts/2026-07-01-old.md".into()],
        packs: vec![PackRef { key: "pack/1.tar.zst".into(), bytes: 9, sha256: "b".repeat(64), files: 2 }],
    }
}

fn file(path: &str, modified: SystemTime, bytes: &[u8]) -> StoredFile {
    StoredFile { path: path.into(), modified, bytes: Bytes::copy_from_slice(bytes) }
}

/// Decodes a pack whole.
fn unpacked(bytes: &[u8]) -> Result<Vec<StoredFile>, PackError> {
    let mut files = Vec::new();
    let count = decode_pack(bytes, &mut |file| {
        files.push(file);
        Ok(())
    })?;
    assert_eq!(count, files.len() as u64);
    Ok(files)
}

fn compressed(archive: &[u8]) -> Vec<u8> {
    zstd::encode_all(archive, 3).expect("a frame")
}

/// An entry that is written as it is: type, path, records of an extended header, content.
type RawEntry<'a> = (EntryType, &'a [u8], &'a [(&'a str, &'a str)], &'a [u8]);

fn archive(entries: &[RawEntry<'_>]) -> Vec<u8> {
    let mut archive = Builder::new(Vec::new());
    for (kind, path, records, bytes) in entries {
        archive
            .append_pax_extensions(records.iter().map(|(key, value)| (*key, value.as_bytes())))
            .expect("an extended header");
        let mut header = Header::new_gnu();
        header.as_old_mut().name[..path.len()].copy_from_slice(path);
        header.set_entry_type(*kind);
        header.set_size(bytes.len() as u64);
        header.set_mtime(1_785_000_000);
        header.set_cksum();
        archive.append(&header, *bytes).expect("an entry");
    }
    archive.into_inner().expect("an archive")
}

#[test]
fn commit_survives_encoding() {
    let files = [
        file("_config.yml", UNIX_EPOCH + Duration::new(1_785_000_000, 0), b"title: x"),
        file("_posts/2026-07-01-a.md", UNIX_EPOCH + Duration::new(1_785_000_000, 123_456_789), b""),
        file("empty", UNIX_EPOCH, &[0; 2048]),
    ];
    let bytes = encode_commit(&header(), &files).expect("bytes");
    assert_eq!(decode_commit(&bytes), Ok(Commit { header: header(), files: files.to_vec() }));
}

#[test]
fn id_of_a_commit_is_in_its_first_bytes() {
    let mut state = 1_u32;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    })
    .take(1 << 20)
    .collect();
    let large = encode_commit(&header(), &[file("a", UNIX_EPOCH, &noise)]).expect("bytes");
    let small = encode_commit(&header(), &[]).expect("bytes");
    let table: [(&[u8], bool); 5] =
        [(&large[..256 << 10], true), (&small, true), (&large[..30], false), (b"", false), (&noise, false)];
    for (start, is_enough) in table {
        assert_eq!(decode_id(start), is_enough.then(|| header().id), "{} bytes", start.len());
    }
}

#[test]
fn unusual_times_and_paths_survive_encoding() {
    let seconds = Duration::from_secs;
    let times = [
        UNIX_EPOCH - Duration::new(1, 500_000_000),
        UNIX_EPOCH - seconds(3_000_000_000),
        UNIX_EPOCH + Duration::from_nanos(1),
        UNIX_EPOCH + Duration::new(0, 100_000_000),
        UNIX_EPOCH + seconds(8_589_934_592),
        UNIX_EPOCH + Duration::new(200_000_000_000, 999_999_999),
    ];
    let long = format!("{}/{}/..hidden\nfile", "中文 ".repeat(40), "b".repeat(200));
    let at_limit = "a".repeat(100);
    let over_limit = format!("{}/..c", "a".repeat(98));
    let paths =
        [&*long, &*at_limit, &*over_limit, "-rf", "a\\b", "a\nb", " a ", "...", ".finewsx/a", "a/.finews/b"];
    let files: Vec<StoredFile> = paths
        .iter()
        .flat_map(|path| times.iter().map(move |time| file(path, *time, path.as_bytes())))
        .collect();
    let bytes = encode_pack(&files).expect("bytes");
    assert_eq!(unpacked(&bytes).expect("files"), files);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_files_survive_encoding(
        files in prop::collection::vec((
            "[^/\u{0}]{1,150}(/[^/\u{0}]{1,60}){0,3}",
            -20_000_000_000_i64..20_000_000_000,
            0_u32..1_000_000_000,
            prop::collection::vec(any::<u8>(), 0..2000),
        ), 0..6),
    ) {
        let files: Vec<StoredFile> = files
            .iter()
            .filter(|(path, ..)| path_error(path).is_none())
            .map(|(path, seconds, nanoseconds, bytes)| {
                let whole = Duration::from_secs(seconds.unsigned_abs());
                let time = if *seconds < 0 { UNIX_EPOCH - whole } else { UNIX_EPOCH + whole };
                file(path, time + Duration::from_nanos(u64::from(*nanoseconds)), bytes)
            })
            .collect();
        prop_assert_eq!(unpacked(&encode_pack(&files).expect("bytes")).expect("files"), files);
    }

    #[test]
    fn any_bytes_are_rejected_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..3000)) {
        prop_assert!(decode_commit(&bytes).is_err());
        prop_assert!(decode_commit(&compressed(&bytes)).is_err());
    }
}

#[test]
fn invalid_paths_are_neither_written_nor_read() {
    let table = [
        ("", "empty part"),
        ("/etc/passwd", "absolute"),
        ("a//b", "empty part"),
        ("a/", "empty part"),
        ("../a", "`..`"),
        ("a/../b", "`..`"),
        ("a/..", "`..`"),
        ("./a", "`.`"),
        (".", "`.`"),
        (".finews", "reserved"),
        (".finews/other", "reserved"),
        (".finews/commit.json", "reserved"),
    ];
    for (path, reason) in table {
        let error = encode_pack(&[file(path, UNIX_EPOCH, b"x")]).expect_err(path).to_string();
        assert!(error.contains(reason), "{path}: {error}");
        let written = compressed(&archive(&[(EntryType::Regular, path.as_bytes(), &[], b"x")]));
        let error = unpacked(&written).expect_err(path).to_string();
        assert!(error.contains(reason), "{path}: {error}");
        let mut gone = header();
        gone.gone.push(path.into());
        let error = decode_commit(&encode_commit(&gone, &[]).expect("bytes")).expect_err(path);
        assert!(error.contains("removed path") && error.contains(reason), "{path}: {error}");
    }
    assert!(encode_pack(&[file("a\0b", UNIX_EPOCH, b"x")]).is_err());
    let nul = archive(&[(EntryType::Regular, b"a", &[("path", "a\0b")], b"x")]);
    assert!(unpacked(&compressed(&nul)).expect_err("NUL").to_string().contains("NUL"));
    let binary = archive(&[(EntryType::Regular, b"a\xff", &[], b"x")]);
    assert!(unpacked(&compressed(&binary)).expect_err("binary").to_string().contains("UTF-8"));
}

#[test]
fn entries_other_than_files_are_rejected() {
    let kinds = [
        EntryType::Directory,
        EntryType::Symlink,
        EntryType::Link,
        EntryType::Fifo,
        EntryType::Char,
        EntryType::Block,
        EntryType::Continuous,
        EntryType::XGlobalHeader,
    ];
    for kind in kinds {
        let error =
            unpacked(&compressed(&archive(&[(kind, b"a", &[], b"")]))).expect_err("an entry").to_string();
        assert!(error.contains("not a regular file"), "{kind:?}: {error}");
    }
}

#[test]
fn invalid_times_are_rejected() {
    let pack = |time: &str| compressed(&archive(&[(EntryType::Regular, b"a", &[("mtime", time)], b"")]));
    for time in ["x", "", "-", ".5", "1.2.3", "1.-2", "+1", "99999999999999999999"] {
        let error = unpacked(&pack(time)).expect_err(time).to_string();
        assert!(error.contains("time of the entry"), "{time}: {error}");
    }
    for (time, since) in [("1.", 1_000_000_000), ("1.5", 1_500_000_000), ("0.0000000019", 1), ("-0", 0)] {
        let files = unpacked(&pack(time)).expect(time);
        assert_eq!(files[0].modified, UNIX_EPOCH + Duration::from_nanos(since), "{time}");
    }
}

#[test]
fn commits_with_invalid_headers_are_rejected() {
    let json = serde_json::to_vec(&header()).expect("JSON");
    let text = String::from_utf8(json.clone()).expect("text");
    let regular = EntryType::Regular;
    let path = HEADER_PATH.as_bytes();
    let entry = |json: &[u8]| compressed(&archive(&[(regular, path, &[], json)]));
    assert_eq!(decode_commit(&entry(&json)).expect("a commit").header, header());
    let later = text.replacen('{', r#"{"later":1,"#, 1);
    assert_eq!(decode_commit(&entry(later.as_bytes())).expect("a commit").header, header());
    let table = [
        (compressed(&archive(&[])), "no `.finews/commit.json`"),
        (
            compressed(&archive(&[(regular, b"a", &[], b""), (regular, path, &[], &json)])),
            "first entry is `a`",
        ),
        (compressed(&archive(&[(regular, path, &[], &json), (regular, path, &[], &json)])), "reserved"),
        (entry(b""), "commit.json`: "),
        (entry(b"{}"), "missing field"),
        (entry(&json[1..]), "commit.json`: "),
        (entry(text.replace("\"seq\":7", "\"seq\":-7").as_bytes()), "commit.json`: "),
        (entry(text.replace("pack/1", "log/1").as_bytes()), "not the key of a pack"),
        (entry(text.replace("pack/1", "pack/../log/1").as_bytes()), "not the key of a pack"),
        (entry(text.replace("\"at\":\"2026", "\"at\":\"yesterday").as_bytes()), "commit.json`: "),
    ];
    for (bytes, reason) in table {
        let error = decode_commit(&bytes).expect_err(reason);
        assert!(error.contains(reason), "{reason}: {error}");
    }
}

#[test]
fn truncated_and_extended_commits_are_rejected() {
    let files = [file("a", UNIX_EPOCH + Duration::from_nanos(5), &[7; 3000])];
    let bytes = encode_commit(&header(), &files).expect("bytes").to_vec();
    assert!(decode_commit(&bytes).is_ok());
    for end in 0..bytes.len() {
        assert!(decode_commit(&bytes[..end]).is_err(), "cut off at {end} of {}", bytes.len());
    }
    for rest in [b"\0".to_vec(), b"x".to_vec(), bytes.clone(), compressed(b"")] {
        let error = decode_commit(&[&bytes[..], &rest].concat()).expect_err("more bytes");
        assert!(error.contains("bytes follow"), "{error}");
    }
    // A frame that is whole, around an archive that is not.
    let plain = zstd::decode_all(&bytes[..]).expect("an archive");
    for end in (0..plain.len()).step_by(64) {
        assert!(decode_commit(&compressed(&plain[..end])).is_err(), "cut off at {end} of {}", plain.len());
    }
    let padded = [plain.clone(), vec![0; 9 * 1024]].concat();
    assert!(decode_commit(&compressed(&padded)).is_ok(), "padding like that of GNU tar");
    let followed = [plain, b"x".to_vec()].concat();
    assert!(decode_commit(&compressed(&followed)).is_err());
}

#[test]
fn flipped_bits_never_change_a_commit() {
    let files = [file("a", UNIX_EPOCH + Duration::from_nanos(5), b"some text, some text")];
    let commit = Commit { header: header(), files: files.to_vec() };
    let bytes = encode_commit(&header(), &files).expect("bytes").to_vec();
    let mut rejected = 0;
    for bit in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        match decode_commit(&flipped) {
            // A few bits of the frame have no meaning.
            Ok(found) => assert_eq!(found, commit, "bit {bit}"),
            Err(_) => rejected += 1,
        }
    }
    assert!(rejected > bytes.len() * 8 * 9 / 10, "{rejected} of {}", bytes.len() * 8);
}

#[test]
fn error_of_the_receiver_ends_decoding() {
    let files = [file("a", UNIX_EPOCH, b"x"), file("b", UNIX_EPOCH, b"y")];
    let bytes = encode_pack(&files).expect("bytes");
    let mut received = 0;
    let result = decode_pack(&bytes, &mut |_| {
        received += 1;
        Err(io::ErrorKind::StorageFull.into())
    });
    assert!(matches!(result, Err(PackError::Write(error)) if error.kind() == io::ErrorKind::StorageFull));
    assert_eq!(received, 1);
}

#[test]
fn ids_differ_and_have_32_digits() {
    let ids: std::collections::HashSet<String> = (0..1000).map(|_| CommitDraft::new("host").id).collect();
    assert_eq!(ids.len(), 1000);
    assert!(ids.iter().all(|id| id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit())));
}
