/*
 * The objects of a PDF file (ISO 32000-1 section 7.5). They are found by reading the file once from its
 * beginning, and not by its cross-reference table: a file whose table is wrong is read like any other.
 */
#ifndef EXTRACT_PDF_FILE_H
#define EXTRACT_PDF_FILE_H

#include "base/arena.h"
#include "extract/extract_private.h"
#include "extract/pdf_crypt.h"
#include "extract/pdf_value.h"

enum {
	/* A book of 1,000 pages has some 20,000. */
	PDF_OBJECTS_MAX = 128 << 10,
	/* Octets of all streams of objects, unpacked: fonts' widths, pages, no pictures. They are kept. */
	PDF_PACKED_MAX = 6 << 20,
	/* Octets of one unpacked stream: the contents of a page have some 10,000, a map's some million. */
	PDF_STREAM_MAX = 3 << 20,
	/*
	 * Octets that are read and unpacked in all, however often: what a small file may cost. Reading 100 of
	 * them takes about a microsecond.
	 */
	PDF_WORK_MAX = 400 << 20,
};

struct pdf_object {
	uint32_t number;
	uint32_t order;    /* the later one counts when a number stands twice */
	struct view bytes; /* from the value on */
};

struct pdf {
	struct view bytes;
	struct extract_out *out;
	struct pdf_object *objects; /* by number, then order */
	size_t count, room;
	struct arena packed;
	uint64_t work;
	bool damaged, encrypted;
	struct pdf_crypt crypt;
};

/* Finds the objects. false: nothing can be read, and the output has ended. pdf_close in any case. */
bool pdf_open(struct pdf *pdf, struct view bytes, struct extract_out *out);
void pdf_close(struct pdf *pdf);

/* Counts work. false: it was too much, and the output has ended. */
bool pdf_charge(struct pdf *pdf, size_t octets);

/* What an object is. */
struct pdf_value pdf_object_value(struct pdf *pdf, const struct pdf_object *object);
/* The value that a reference leads to; others as they are. */
struct pdf_value pdf_resolve(struct pdf *pdf, struct pdf_value v);
/* A key's value, resolved. */
struct pdf_value pdf_get(struct pdf *pdf, struct pdf_value dict, const char *key);
struct pdf_value pdf_get_view(struct pdf *pdf, struct pdf_value dict, struct view key);

/* The value behind the last such key ("/Info") of a trailer: a reference, a dictionary or an array. */
struct pdf_value pdf_trailer(struct pdf *pdf, const char *key);

/* Appends bytes of an object, whose dictionary this is, as they are without encryption. false: damaged, or no
 * memory. */
bool pdf_plain(struct pdf *pdf, struct pdf_value dict, struct view bytes, struct buf *out);

/* Appends what is in the stream that a reference, or an object's dictionary, leads to, unpacked, as far as it
 * fits. false: it cannot be unpacked. */
bool pdf_stream(struct pdf *pdf, struct pdf_value v, struct buf *out);

#endif
