/*
 * XML as it comes, through expat: elements and text as events. Without document types, so that nothing is
 * ever expanded or fetched; nothing that the formats read here use is lost with them.
 */
#ifndef EXTRACT_XML_H
#define EXTRACT_XML_H

#include "base/view.h"

enum {
	/* Office programs nest some 40 deep. */
	XML_DEPTH_MAX = 512,
	/* Octets of one tag with its attributes, which expat holds whole; real ones have a few hundred. */
	XML_TAG_MAX = 256 << 10,
	/*
	 * Octets that all readers of a thread may take together: expat keeps each name of an element or
	 * attribute that it has met, and a document has a few hundred.
	 */
	XML_MEMORY_MAX = 4 << 20,
};

struct xml_reader;

/* Names come without their prefix: prefixes are the author's choice, and no two meanings meet in one format.
 */
struct xml_events {
	void (*start)(void *arg, struct view name, const char *const *attributes);
	void (*end)(void *arg, struct view name);
	void (*text)(void *arg, struct view utf8);
	void *arg;
};

/* NULL without memory. `events` is copied. */
struct xml_reader *xml_reader_new(const struct xml_events *events);
void xml_reader_free(struct xml_reader *r);

/*
 * Reads the next bytes. 0; -EBADMSG: not well-formed, or there is a document type; -E2BIG: past a limit;
 * -ENOMEM; -ECANCELED: after xml_stop. After an error nothing more is read.
 */
int xml_feed(struct xml_reader *r, struct view bytes, bool last);

/* In an event: no more events. */
void xml_stop(struct xml_reader *r);

/* An attribute's value by its name without prefix; empty: it is not there. */
struct view xml_attribute(const char *const *attributes, struct view name);

#endif
