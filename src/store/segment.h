/*
 * The files that hold the truth, called volumes once they are sealed: doc/disk.md shows them byte by byte.
 * Three kinds, one header:
 *   log    records of commits: bodies and index changes. The newest is being written, the others are sealed
 *   body   one body too large for the log
 *   kept   what compaction took over from other volumes, compressed
 * A file is never changed after it was sealed, and its number is never used again.
 *
 * Checksums are keyed with a random secret of the file. Without it a scan for records in a damaged file could
 * be made to find one that somebody mailed in.
 */
#ifndef STORE_SEGMENT_H
#define STORE_SEGMENT_H

#include "base/view.h"
#include "store/store.h"

enum segment_kind { SEGMENT_LOG = 1, SEGMENT_BODY = 2, SEGMENT_KEPT = 3 };

enum {
	SEGMENT_HEADER_SIZE = 4096,
	SEGMENT_SECRET_SIZE = 192,
	SEGMENT_NAME_SIZE = 16,
	SEGMENT_BLOCK =
	    64 << 10, /* a blob carries one checksum for each such piece: reads verify what they touch */
	SEGMENT_SUM_SIZE = 8,
	RECORD_HEADER_SIZE = 64,
	RECORD_ALIGN = 64,
	RECORD_REDO_MAX = 4 << 20 /* STORE_WRITE_KEYS_MAX of the largest entries, rounded up */
};

struct segment {
	int fd;
	uint32_t id;
	enum segment_kind kind;
	uint64_t epoch;     /* random; tells this file's records from those of any other */
	uint64_t first_lsn; /* log: the number of its first record. kept: of the snapshot that it relies on */
	unsigned char secret[SEGMENT_SECRET_SIZE];
};

void segment_name(char name[SEGMENT_NAME_SIZE], enum segment_kind kind, uint32_t id);

/* Parses a file's name; false when it is not one of ours. */
bool segment_parse_name(const char *name, enum segment_kind *kind, uint32_t *id);

/*
 * A new file under this name, with its header written but not synced; s->fd is open for writing. -EEXIST when
 * a volume has the name; a file with a temporary name is overwritten.
 */
int segment_create(struct segment *s, int folder_fd, const char *name, enum segment_kind kind, uint32_t id,
    uint64_t first_lsn) __attribute__((warn_unused_result));

/* Writes the header anew: first_lsn is known late, when a prepared file comes into use. */
int segment_write_header(const struct segment *s) __attribute__((warn_unused_result));

/* The same page once more, as the end of a kept file: segment_open takes it where the first one is bad. */
int segment_write_header_copy(const struct segment *s, uint64_t position) __attribute__((warn_unused_result));

/*
 * Opens and verifies the header. -EBADMSG when it is damaged or another file's, -EPROTO when it is of a newer
 * format, -ENOENT without such a file; else it is unreadable now (file.h).
 */
int segment_open(struct segment *s, int folder_fd, const char *name, int flags)
    __attribute__((warn_unused_result));

/* For a check: the header once more, and that nothing stands in the rest of its page. As segment_open. */
int segment_check_header(const struct segment *s) __attribute__((warn_unused_result));
int segment_check_header_copy(const struct segment *s, uint64_t position) __attribute__((warn_unused_result));

void segment_close(struct segment *s);

/* The keyed checksum of bytes that stand at this position of the file. */
uint64_t segment_sum(const struct segment *s, uint64_t position, struct view bytes);

/* Bytes that a blob of this length takes in a file: itself and its blocks' checksums. */
uint64_t segment_blob_space(uint64_t length);

/* Reads a part of a blob that begins at `position`, and verifies the blocks it touches. */
int segment_read_blob(const struct segment *s, uint64_t position, uint64_t blob_len, uint64_t offset,
    size_t len, char *out) __attribute__((warn_unused_result));

/* Names of blobs: where each was born. */
struct blob_place {
	enum segment_kind kind;
	uint32_t segment;
	uint32_t position;
	uint64_t length;
};

struct blob_id blob_id_make(const struct blob_place *place);

/* False when the name cannot be one that this engine gave. */
bool blob_id_parse(const struct blob_id *id, struct blob_place *place);

/* A record's header. */
enum record_type { RECORD_COMMIT = 1, RECORD_KEPT = 2, RECORD_DICTIONARY = 3 };

struct record {
	enum record_type type;
	uint16_t in_group; /* records of the same sync before it: lsn - in_group was the first of them */
	uint64_t lsn;
	uint32_t position;   /* of the header in its file */
	uint64_t blob_bytes; /* the bodies and their checksums, behind the header */
	uint32_t redo_len;   /* lengths of the bodies and the index changes, behind those */
	uint64_t redo_sum;
	struct blob_id kept; /* RECORD_KEPT: whose content this is */
};

void record_encode(const struct segment *s, const struct record *r, char out[RECORD_HEADER_SIZE]);

/* False when the bytes are not a record's header of this file at this position. */
bool record_decode(
    const struct segment *s, uint32_t position, const char in[RECORD_HEADER_SIZE], struct record *r);

/* From one header to the next. */
uint64_t record_space(const struct record *r);

#endif
