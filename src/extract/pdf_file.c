/* Finding objects and unpacking streams: pdf_file.h. */
#include "extract/pdf_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "extract/inflate.h"
#include "extract/pdf_filter.h"

enum {
	OBJECTS_FIRST = 256,
	/* References that lead to references; nobody writes two. */
	REFERENCES_MAX = 8,
	/* Filters of one stream. */
	FILTERS_MAX = 4,
};

bool pdf_charge(struct pdf *pdf, size_t octets)
{
	pdf->work += octets;
	return pdf->work <= PDF_WORK_MAX || extract_end(pdf->out, EXTRACT_SOME);
}

/* ---- Objects ---- */

static bool add_object(struct pdf *pdf, uint32_t number, uint32_t order, struct view bytes)
{
	if (pdf->count == PDF_OBJECTS_MAX) {
		pdf->damaged = true;
		return true;
	}
	if (pdf->count == pdf->room) {
		size_t room = pdf->room ? 2 * pdf->room : OBJECTS_FIRST;
		struct pdf_object *more = mem_try_resize(pdf->objects, room * sizeof *more);
		if (more == NULL)
			return extract_end(pdf->out, EXTRACT_NO_MEMORY);
		pdf->objects = more;
		pdf->room = room;
	}
	pdf->objects[pdf->count++] = (struct pdf_object){number, order, bytes};
	return true;
}

static int by_number(const void *a, const void *b)
{
	const struct pdf_object *x = a, *y = b;
	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

static void sort_objects(struct pdf *pdf)
{
	if (pdf->count == 0)
		return;
	qsort(pdf->objects, pdf->count, sizeof *pdf->objects, by_number);
	/* Of a number the last one stays. */
	size_t kept = 0;
	for (size_t i = 0; i < pdf->count; i++)
		if (i + 1 == pdf->count || pdf->objects[i].number != pdf->objects[i + 1].number)
			pdf->objects[kept++] = pdf->objects[i];
	pdf->count = kept;
}

/* Reads a number that ends before `at`, and the blanks behind it. Returns where it begins, or `at`. */
static size_t number_before(struct view bytes, size_t at, uint64_t *n)
{
	size_t end = at;
	while (end > 0 &&
	       (bytes.data[end - 1] == ' ' || bytes.data[end - 1] == '\n' || bytes.data[end - 1] == '\r'))
		end--;
	size_t begin = end;
	while (begin > 0 && end - begin < 10 && ascii_is_digit(bytes.data[begin - 1]))
		begin--;
	struct view digits = view_of(bytes.data + begin, end - begin);
	return digits.len > 0 && view_to_u64(digits, UINT32_MAX, n) ? begin : at;
}

/* All "12 0 obj". */
static bool find_objects(struct pdf *pdf)
{
	struct view bytes = pdf->bytes;
	for (size_t at = 0; at + 3 <= bytes.len;) {
		const char *found = memmem(bytes.data + at, bytes.len - at, "obj", 3);
		if (found == NULL)
			break;
		size_t word = (size_t)(found - bytes.data);
		at = word + 3;
		uint64_t number, generation;
		size_t second = number_before(bytes, word, &generation);
		if (second == word)
			continue;
		size_t first = number_before(bytes, second, &number);
		if (first == second || number > INT32_MAX)
			continue;
		if (!add_object(pdf, (uint32_t)number, (uint32_t)pdf->count, view_skip(bytes, at)))
			return false;
	}
	sort_objects(pdf);
	return true;
}

struct pdf_value pdf_object_value(struct pdf *pdf, const struct pdf_object *object)
{
	struct cursor in = cursor_on(object->bytes);
	struct pdf_value v = pdf_next_or_reference(&in);
	if (!pdf_charge(pdf, object->bytes.len - in.rest.len))
		v.kind = PDF_NONE;
	return v;
}

/* A stream that holds objects (section 7.5.7): pairs of number and offset, then values. */
static bool unpack_objects(struct pdf *pdf, struct pdf_value dict, uint32_t order)
{
	int64_t count = pdf_integer(pdf_get(pdf, dict, "N")),
	        first = pdf_integer(pdf_get(pdf, dict, "First"));
	struct buf bytes;
	struct view kept;
	buf_init(&bytes, PDF_STREAM_MAX);
	bool read = pdf_stream(pdf, dict, &bytes) && arena_copy(&pdf->packed, buf_view(&bytes), &kept);
	buf_done(&bytes);
	if (!read) {
		pdf->damaged = true;
		return pdf->out->verdict == EXTRACT_ALL;
	}
	struct cursor head = cursor_on(view_take(kept, first > 0 ? (size_t)first : 0));
	for (int64_t i = 0; i < count && !cursor_at_end(&head); i++) {
		int64_t number = pdf_integer(pdf_next(&head)), offset = pdf_integer(pdf_next(&head));
		if (number < 0 || offset < 0)
			break;
		if (!add_object(
		        pdf, (uint32_t)number, order, view_skip(kept, (size_t)first + (size_t)offset)))
			return false;
	}
	return true;
}

static bool find_packed_objects(struct pdf *pdf)
{
	/* Those that are found now hold no objects themselves. */
	size_t count = pdf->count;
	for (size_t i = 0; i < count; i++) {
		struct pdf_value dict = pdf_object_value(pdf, &pdf->objects[i]);
		if (dict.kind == PDF_DICT && pdf_is_name(pdf_key(dict, VIEW("Type")), "ObjStm") &&
		    !unpack_objects(pdf, dict, pdf->objects[i].order))
			return false;
		if (pdf->out->verdict != EXTRACT_ALL)
			return false;
	}
	sort_objects(pdf);
	return true;
}

/* The value behind the last such key of a trailer, which is a dictionary, or that of a stream. */
static struct pdf_value trailer_key(struct pdf *pdf, struct view key)
{
	struct pdf_value last = {PDF_NONE, VIEW("")};
	for (struct view rest = pdf->bytes; rest.len > 0;) {
		const char *found = memmem(rest.data, rest.len, key.data, key.len);
		if (found == NULL)
			break;
		rest = view_skip(rest, (size_t)(found - rest.data) + key.len);
		/* An array of two strings is the longest value that is asked for. */
		struct cursor in = cursor_on(view_take(rest, 1024));
		struct pdf_value v = pdf_next_or_reference(&in);
		if (v.kind == PDF_REFERENCE || v.kind == PDF_DICT || v.kind == PDF_ARRAY)
			last = v;
	}
	return last;
}

struct pdf_value pdf_trailer(struct pdf *pdf, const char *key)
{
	return trailer_key(pdf, view_from_string(key));
}

static bool open_encryption(struct pdf *pdf)
{
	struct pdf_value dict = pdf_resolve(pdf, pdf_trailer(pdf, "/Encrypt"));
	struct cursor ids = pdf_inside(pdf_resolve(pdf, pdf_trailer(pdf, "/ID")));
	if (dict.kind != PDF_DICT)
		return true;
	pdf->encrypted = true;
	return pdf_crypt_open(&pdf->crypt, dict, pdf_next(&ids)) || extract_end(pdf->out, EXTRACT_UNREADABLE);
}

bool pdf_open(struct pdf *pdf, struct view bytes, struct extract_out *out)
{
	*pdf = (struct pdf){.bytes = bytes, .out = out};
	arena_init(&pdf->packed, PDF_PACKED_MAX);
	return find_objects(pdf) && open_encryption(pdf) && find_packed_objects(pdf);
}

void pdf_close(struct pdf *pdf)
{
	mem_free(pdf->objects);
	arena_done(&pdf->packed);
}

static const struct pdf_object *find_object(struct pdf *pdf, int64_t number)
{
	size_t low = 0, high = pdf->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (pdf->objects[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low < pdf->count && pdf->objects[low].number == number ? &pdf->objects[low] : NULL;
}

struct pdf_value pdf_resolve(struct pdf *pdf, struct pdf_value v)
{
	for (unsigned i = 0; v.kind == PDF_REFERENCE; i++) {
		const struct pdf_object *object = find_object(pdf, pdf_reference(v));
		if (object == NULL || i == REFERENCES_MAX)
			return (struct pdf_value){PDF_NONE, VIEW("")};
		v = pdf_object_value(pdf, object);
	}
	return v;
}

struct pdf_value pdf_get_view(struct pdf *pdf, struct pdf_value dict, struct view key)
{
	if (!pdf_charge(pdf, dict.text.len))
		return (struct pdf_value){PDF_NONE, VIEW("")};
	return pdf_resolve(pdf, pdf_key(dict, key));
}

struct pdf_value pdf_get(struct pdf *pdf, struct pdf_value dict, const char *key)
{
	return pdf_get_view(pdf, dict, view_from_string(key));
}

/* ---- Streams ---- */

/* The bytes behind a dictionary that is a stream's; it points into the file. */
static bool stream_bytes(struct pdf *pdf, struct pdf_value dict, struct view *packed)
{
	const char *behind = dict.text.data + dict.text.len;
	if (dict.kind != PDF_DICT || behind < pdf->bytes.data || behind > pdf->bytes.data + pdf->bytes.len)
		return false;
	struct cursor in = cursor_on(view_skip(pdf->bytes, (size_t)(behind - pdf->bytes.data)));
	pdf_skip_blank(&in);
	if (!cursor_accept_nocase(&in, VIEW("stream")))
		return false;
	cursor_accept(&in, '\r');
	cursor_accept(&in, '\n');
	int64_t len = pdf_integer(pdf_get(pdf, dict, "Length"));
	struct cursor end = cursor_on(view_skip(in.rest, len > 0 ? (size_t)len : 0));
	pdf_skip_blank(&end);
	if (len >= 0 && view_starts(end.rest, VIEW("endstream"))) {
		*packed = view_take(in.rest, (size_t)len);
		return true;
	}
	/* A length that is wrong: up to the word. */
	const char *found = in.rest.len ? memmem(in.rest.data, in.rest.len, "endstream", 9) : NULL;
	*packed = found ? view_take(in.rest, (size_t)(found - in.rest.data)) : in.rest;
	return pdf_charge(pdf, packed->len);
}

static bool take(void *arg, struct view bytes)
{
	struct buf *out = arg;
	return buf_append(out, view_take(bytes, out->max - buf_view(out).len)) == 0;
}

/* One filter's work. */
static bool unfilter(struct pdf *pdf, struct pdf_value name, struct view packed, struct buf *out)
{
	if (pdf_is_name(name, "FlateDecode") || pdf_is_name(name, "Fl")) {
		uint64_t told;
		int error =
		    inflate_bytes(packed, INFLATE_ZLIB, out->max - buf_view(out).len, take, out, &told);
		/* What came before the damage, or the limit, is of use. */
		pdf->damaged |= error != 0;
		return error != -ENOMEM || extract_end(pdf->out, EXTRACT_NO_MEMORY);
	}
	if (pdf_is_name(name, "ASCIIHexDecode") || pdf_is_name(name, "AHx"))
		pdf_string((struct pdf_value){PDF_HEX, packed}, out);
	else if (pdf_is_name(name, "ASCII85Decode") || pdf_is_name(name, "A85"))
		pdf_ascii85(packed, out);
	else if (pdf_is_name(name, "LZWDecode") || pdf_is_name(name, "LZW"))
		pdf_lzw(packed, out);
	else
		return false;
	return true;
}

static bool unfilter_all(struct pdf *pdf, struct pdf_value filters, struct view packed, struct buf *out)
{
	struct pdf_value names[FILTERS_MAX];
	size_t count = 0;
	if (filters.kind == PDF_NAME)
		names[count++] = filters;
	struct cursor in = pdf_inside(filters);
	while (filters.kind == PDF_ARRAY && count < FILTERS_MAX) {
		struct pdf_value name = pdf_resolve(pdf, pdf_next_or_reference(&in));
		if (name.kind == PDF_NONE)
			break;
		names[count++] = name;
	}
	if (count == 0) {
		/* What does not fit is left out. */
		pdf->damaged |= !take(out, packed) || buf_view(out).len < packed.len;
		return true;
	}
	bool read = true;
	struct buf from;
	buf_init(&from, PDF_STREAM_MAX);
	for (size_t i = 0; i < count && read; i++) {
		struct buf *to = i + 1 == count ? out : &from;
		struct buf step;
		buf_init(&step, to->max - buf_view(to).len);
		read = unfilter(pdf, names[i], i ? buf_view(&from) : packed, &step) &&
		       pdf_charge(pdf, buf_view(&step).len);
		if (to == &from)
			buf_clear(&from);
		pdf->damaged |= buf_failed(&step) || !take(to, buf_view(&step));
		buf_done(&step);
	}
	buf_done(&from);
	return read;
}

/* The number and generation of the object that a dictionary is, by what stands before it in the file. */
static bool object_of(struct pdf *pdf, struct pdf_value dict, uint64_t *number, uint64_t *generation)
{
	const char *data = dict.text.data;
	if (data < pdf->bytes.data || data > pdf->bytes.data + pdf->bytes.len)
		return false;
	struct view before = view_trim(view_take(pdf->bytes, (size_t)(data - pdf->bytes.data)));
	size_t end = (size_t)(before.data - pdf->bytes.data) + before.len;
	if (end < 3 || memcmp(pdf->bytes.data + end - 3, "obj", 3) != 0)
		return false;
	size_t word = end - 3, second = number_before(pdf->bytes, word, generation);
	return second != word && number_before(pdf->bytes, second, number) != second;
}

bool pdf_plain(struct pdf *pdf, struct pdf_value dict, struct view bytes, struct buf *out)
{
	uint64_t number, generation;
	/* What lies in a stream of objects was decrypted with it. */
	if (!pdf->encrypted || !object_of(pdf, dict, &number, &generation))
		return buf_append(out, bytes) == 0;
	return pdf_decrypt(&pdf->crypt, (uint32_t)number, (uint32_t)generation, bytes, out);
}

bool pdf_stream(struct pdf *pdf, struct pdf_value v, struct buf *out)
{
	struct pdf_value dict = pdf_resolve(pdf, v);
	struct view packed;
	if (!stream_bytes(pdf, dict, &packed) || !pdf_charge(pdf, packed.len))
		return false;
	struct pdf_value filters = pdf_get(pdf, dict, "Filter");
	if (!pdf->encrypted)
		return unfilter_all(pdf, filters, packed, out);
	struct buf plain;
	buf_init(&plain, PDF_STREAM_MAX + 1);
	bool read = packed.len <= PDF_STREAM_MAX && pdf_plain(pdf, dict, packed, &plain) &&
	            unfilter_all(pdf, filters, buf_view(&plain), out);
	buf_done(&plain);
	return read;
}
