/*
 * Kept files: what compaction and packing took over. Each blob is one record, compressed by itself, so that
 * reading one unpacks no other. Short texts compress badly alone: what they have in common stands in a
 * dictionary, which is made from some of the blobs and begins the file. Without it no blob of the file can be
 * read, so a second copy of it stands behind the last record. Then comes a table of all blobs, sorted by
 * name, a footer, and a second copy of the file's header. Written once, synced, and only then named.
 */
#ifndef STORE_KEPT_H
#define STORE_KEPT_H

#include "base/buf.h"
#include "store/segment.h"

enum { KEPT_DICTIONARY_MAX = 64 << 10 };

/* ---- writing ---- */

struct kept_writer {
	struct segment segment;
	uint64_t position, raw;
	uint32_t first_dictionary, second_dictionary; /* where they stand; 0: there is none */
	struct buf table, scratch, unpacked, dictionary;
	struct ZSTD_CCtx_s *context;
	struct ZSTD_CDict_s *shared;
	struct ZSTD_DCtx_s *reading;
	struct ZSTD_DDict_s *shared_reading;
};

/* The dictionary may be empty; see kept_train. */
int kept_begin(struct kept_writer *w, int folder_fd, const char *name, uint32_t id, uint64_t snapshot_lsn,
    struct view dictionary) __attribute__((warn_unused_result));

/* -EBADMSG: what was compressed does not unpack to the same bytes; nothing was written of it. -EFBIG: the
 * file is full. */
int kept_add(struct kept_writer *w, const struct blob_id *id, struct view content)
    __attribute__((warn_unused_result));

/* Writes the second dictionary, the table, the footer and the header's copy, and syncs the file. */
int kept_finish(struct kept_writer *w) __attribute__((warn_unused_result));
void kept_writer_done(struct kept_writer *w);

/*
 * Makes a dictionary of at most `most` bytes (and KEPT_DICTIONARY_MAX) from samples that stand behind one
 * another in `bytes`; empty when they have too little in common, or are too few. -ENOMEM.
 */
int kept_train(struct view bytes, const size_t *lengths, unsigned count, size_t most, struct buf *dictionary)
    __attribute__((warn_unused_result));

/* ---- reading ---- */

/* What reading a kept file needs in memory: some 150 KB. Any threads read through it at the same time. */
struct kept_reader;

/*
 * Reads and verifies footer, table and dictionary. A table that is damaged is made anew from the records, in
 * memory, and a damaged dictionary is replaced by its second copy; each is logged. 0 and *out; -EBADMSG when
 * nothing of the file can be read, -ENOMEM, or unreadable now.
 */
int kept_reader_open(const struct segment *s, struct kept_reader **out) __attribute__((warn_unused_result));
void kept_reader_close(struct kept_reader *r); /* NULL is allowed */

/* Bytes of all blobs in the file, not compressed, each with what it would take in a log file. */
uint64_t kept_raw(const struct kept_reader *r);

enum { KEPT_FENCE = 128 /* rows of the table that are read at a time */ };

/*
 * What one caller read of a kept file lately. Mail is packed in the order in which it is read again, so that
 * rows and records of neighbours come with one read. Begins zeroed, serves one reader and one thread, and
 * ends with kept_near_done.
 */
struct kept_near {
	uint64_t first_row; /* `row_count` rows of the table from here on; 0: none */
	size_t row_count, last_row;
	char rows[KEPT_FENCE * (BLOB_ID_SIZE + 4)];
	char *bytes; /* `len` of the file's, from `at` on, with room for `room` */
	size_t len, room;
	uint64_t at, next; /* next: where the record behind the last one stands; 0: none was read */
	int ahead;         /* why neighbours could not be read with a record that then was read alone; 0 */
};

void kept_near_done(struct kept_near *near); /* zeroes it */

/* Reads a part of a blob. -ENOENT when the file holds no such blob. */
int kept_read(const struct segment *s, struct kept_reader *r, struct kept_near *near,
    const struct blob_id *id, uint64_t offset, size_t len, char *out) __attribute__((warn_unused_result));

/* Where the blob's record stands. */
int kept_find(const struct segment *s, const struct kept_reader *r, struct kept_near *near,
    const struct blob_id *id, uint32_t *position) __attribute__((warn_unused_result));

/*
 * For a check: every blob of the file in the order in which they stand there, with its result: 0, -EBADMSG,
 * or unreadable now; and everything else that the file is made of: -EBADMSG when that is damaged.
 */
int kept_walk(const struct segment *s,
    int (*visit)(void *arg, const struct blob_id *id, uint64_t stored, int result), void *arg)
    __attribute__((warn_unused_result));

/* ---- the form, for the two above ---- */

enum {
	KEPT_ROW_SIZE = BLOB_ID_SIZE + 4,
	KEPT_FOOTER_SIZE = 48,
	KEPT_BLOB_MAX = STORE_UPLOAD_MEMORY,
	KEPT_TABLE_MAX = 1 << 30
};

struct kept_footer {
	uint64_t table, table_len, table_sum; /* where it begins, its bytes, their sum */
	uint64_t raw;
	uint32_t dictionaries[2]; /* where their records stand; 0: there is none */
};

/* It stands at `position`; its own sum is the last 8 bytes. */
void kept_footer_encode(
    const struct segment *s, const struct kept_footer *f, uint64_t position, char out[KEPT_FOOTER_SIZE]);
bool kept_footer_decode(
    const struct segment *s, const char in[KEPT_FOOTER_SIZE], uint64_t position, struct kept_footer *f);

#endif
