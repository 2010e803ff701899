/* expat with limits: xml.h. */
#include "extract/xml.h"

#include <errno.h>
#include <expat.h>
#include <limits.h>

#include "base/mem.h"
#include "base/random.h"

enum {
	/* expat begins an unfinished tag anew with each piece: few pieces for the longest tag. */
	PIECE = 32 << 10,
};

struct xml_reader {
	XML_Parser parser;
	struct xml_events events;
	unsigned depth;
	uint64_t fed;
	int error;
};

/* ---- Memory: counted, since expat asks for as much as the document says ---- */

static _Thread_local size_t taken;
static _Thread_local bool refused; /* for the limit's sake; else memory was missing */

/* What stands before each block; as large as the strictest alignment. */
union block {
	size_t size;
	max_align_t align;
};

static void *resize_memory(void *p, size_t size)
{
	union block *old = p ? (union block *)p - 1 : NULL;
	size_t old_size = old ? old->size : 0;
	if (size > XML_MEMORY_MAX || taken - old_size > XML_MEMORY_MAX - size) {
		refused = true;
		return NULL;
	}
	union block *b = mem_try_resize(old, sizeof *b + size);
	if (b == NULL)
		return NULL;
	taken += size - old_size;
	b->size = size;
	return b + 1;
}

static void *take_memory(size_t size)
{
	return resize_memory(NULL, size);
}

static void give_memory(void *p)
{
	if (p == NULL)
		return;
	union block *b = (union block *)p - 1;
	taken -= b->size;
	mem_free(b);
}

/* ---- Events ---- */

static void fail(struct xml_reader *r, int error)
{
	if (r->error == 0)
		r->error = error;
	XML_StopParser(r->parser, XML_FALSE);
}

static struct view without_prefix(const char *name)
{
	struct view v = view_from_string(name);
	ptrdiff_t colon = view_find(v, ':');
	return view_skip(v, (size_t)(colon + 1));
}

static void start(void *arg, const XML_Char *name, const XML_Char **attributes)
{
	struct xml_reader *r = arg;
	if (r->error)
		return;
	if (++r->depth > XML_DEPTH_MAX)
		fail(r, -E2BIG);
	else
		r->events.start(r->events.arg, without_prefix(name), attributes);
}

static void end(void *arg, const XML_Char *name)
{
	struct xml_reader *r = arg;
	if (r->error)
		return;
	r->depth--;
	r->events.end(r->events.arg, without_prefix(name));
}

static void text(void *arg, const XML_Char *s, int len)
{
	struct xml_reader *r = arg;
	if (r->error == 0)
		r->events.text(r->events.arg, view_of(s, (size_t)len));
}

static void doctype(
    void *arg, const XML_Char *name, const XML_Char *system, const XML_Char *public, int internal)
{
	(void)name;
	(void)system;
	(void)public;
	(void)internal;
	fail(arg, -EBADMSG);
}

struct xml_reader *xml_reader_new(const struct xml_events *events)
{
	static const XML_Memory_Handling_Suite memory = {take_memory, resize_memory, give_memory};
	struct xml_reader *r = mem_try(sizeof *r);
	if (r == NULL)
		return NULL;
	*r = (struct xml_reader){.events = *events, .parser = XML_ParserCreate_MM(NULL, &memory, NULL)};
	if (r->parser == NULL) {
		mem_free(r);
		return NULL;
	}
	/* Given here, expat needs not look for random bytes itself. */
	XML_SetHashSalt(r->parser, (unsigned long)random_u64() | 1);
	XML_SetUserData(r->parser, r);
	XML_SetElementHandler(r->parser, start, end);
	XML_SetCharacterDataHandler(r->parser, text);
	XML_SetStartDoctypeDeclHandler(r->parser, doctype);
	return r;
}

void xml_reader_free(struct xml_reader *r)
{
	if (r == NULL)
		return;
	XML_ParserFree(r->parser);
	mem_free(r);
}

static int parse(struct xml_reader *r, struct view piece, bool last)
{
	r->fed += piece.len;
	refused = false;
	if (XML_Parse(r->parser, piece.data, (int)piece.len, last) == XML_STATUS_OK) {
		XML_Index at = XML_GetCurrentByteIndex(r->parser);
		return at >= 0 && r->fed - (uint64_t)at > XML_TAG_MAX ? -E2BIG : 0;
	}
	if (r->error)
		return r->error;
	if (XML_GetErrorCode(r->parser) != XML_ERROR_NO_MEMORY)
		return -EBADMSG;
	return refused ? -E2BIG : -ENOMEM;
}

int xml_feed(struct xml_reader *r, struct view bytes, bool last)
{
	while (r->error == 0 && (bytes.len > 0 || last)) {
		struct view piece = view_take(bytes, PIECE);
		bytes = view_skip(bytes, piece.len);
		bool end_here = last && bytes.len == 0;
		int error = parse(r, piece, end_here);
		if (r->error == 0)
			r->error = error;
		if (end_here)
			break;
	}
	return r->error;
}

void xml_stop(struct xml_reader *r)
{
	fail(r, -ECANCELED);
}

struct view xml_attribute(const char *const *attributes, struct view name)
{
	for (; attributes[0]; attributes += 2)
		if (view_equal(without_prefix(attributes[0]), name))
			return view_from_string(attributes[1]);
	return VIEW("");
}
