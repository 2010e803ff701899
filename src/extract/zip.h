/*
 * A zip file (PKWARE's APPNOTE 6.3) in memory: its directory, and its entries unpacked one by one. Stored and
 * deflated entries, which is all that office programs write; no ZIP64, no parts on other disks.
 *
 * An own reader, since a library's would open files, know a dozen methods more, and be no shorter to check:
 * what is hard about zip, unpacking, is zlib's.
 */
#ifndef EXTRACT_ZIP_H
#define EXTRACT_ZIP_H

#include "extract/inflate.h"

enum {
	/* Entries that are looked at: a presentation of 1,000 slides has some 6,000. */
	ZIP_ENTRIES_MAX = 20000,
};

/* A position in the directory. Points into the file's bytes. */
struct zip {
	struct view bytes;
	struct view directory; /* what was not read yet */
	unsigned entries;      /* that were read */
};

struct zip_entry {
	struct view name;   /* as it was written, in any charset */
	struct view packed; /* empty when the entry does not lie where the directory says */
	unsigned method;
	bool encrypted;
};

/* 0; -EBADMSG: no zip file, or its end is missing. */
int zip_open(struct zip *zip, struct view bytes);

/* The next entry; false at the end, where the directory is damaged, and past ZIP_ENTRIES_MAX. */
bool zip_next(struct zip *zip, struct zip_entry *entry);

/* As inflate_bytes, and -ENOTSUP: encrypted, or packed by another method. */
int zip_read(const struct zip_entry *entry, uint64_t max, inflate_take_fn *take, void *arg, uint64_t *told);

#endif
