/* What the files of jmap_compose.h share. */
#ifndef JMAP_JMAP_COMPOSE_PRIVATE_H
#define JMAP_JMAP_COMPOSE_PRIVATE_H

#include "format/limits.h"
#include "jmap/jmap_compose.h"

enum {
	/* Parts of one message: what its readers look at, with room for multiparts that are put around them.
	 */
	COMPOSE_PARTS_MAX = MIME_PARTS_MAX - 8,
	COMPOSE_DEPTH_MAX = MIME_DEPTH_MAX - 4,
	/* Octets of a file's name: RFC 8621 section 1.2 has no limit; file systems allow 255. */
	COMPOSE_FILE_NAME_MAX = 1000,
	COMPOSE_TYPE_MAX = 127,       /* of each half of a type; nobody has longer ones */
	COMPOSE_PROPERTIES_MAX = 4096 /* of the names that an error tells */
};

/* A header field, ready written. */
struct compose_line {
	struct view name, path, property, text;
};

struct compose_lines {
	struct compose_line *items;
	size_t count, room;
};

struct composer {
	const json_t *object, *values;
	struct arena *arena;
	struct jmap_composed *out;
	struct compose_lines header; /* of the message */
	struct buf wrong;            /* names of properties with commas between */
	size_t parts, header_octets;
	bool no_memory;
};

/* Notes that a property is wrong. path: where it stands ("bodyStructure/subParts/0"), or empty. */
void compose_refuse(struct composer *c, struct view path, const char *property, const char *why);

/* Its own in the arena; the empty view without memory, which is noted. */
struct view compose_copy(struct composer *c, struct view text);
void *compose_alloc(struct composer *c, size_t count, size_t size);

/* Room for `room` more lines. */
void compose_lines_init(struct composer *c, struct compose_lines *lines, size_t room);
const struct compose_line *compose_find(const struct compose_lines *lines, struct view name);

/*
 * Reads a property that is a header field, and adds the field, unless its value is null or an empty list. One
 * that is among the lines already is refused. False: the property is none of a header field.
 */
bool compose_field(struct composer *c, struct compose_lines *lines, struct view path, const char *property,
    const json_t *value);

/* The same for the plain names that an Email has for some ("subject"). */
bool compose_plain(
    struct composer *c, struct compose_lines *lines, const char *property, const json_t *value);

/* Adds a field that has no property. */
void compose_add(
    struct composer *c, struct compose_lines *lines, struct view path, const struct draft_field *field);

/* ---- jmap_compose_part.c ---- */

enum compose_kind { COMPOSE_ANY, COMPOSE_TEXT_BODY, COMPOSE_HTML_BODY, COMPOSE_ATTACHMENT, COMPOSE_ROOT };

/* Reads an EmailBodyPart. Fields of the root that are not about its content go into the message's header. */
void compose_part(struct composer *c, const json_t *object, struct view path, unsigned depth,
    enum compose_kind kind, struct draft_part *part);

#endif
