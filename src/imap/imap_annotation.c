/* Annotations of messages in commands and responses: see imap_annotation.h. */
#include "imap/imap_annotation.h"

#include <errno.h>
#include <string.h>

#include "format/wire.h"
#include "imap/imap_list.h"
#include "mail/annotation_wire.h"

/* ---- parsing ---- */

/* RFC 5257 section 3.2.1: a path; no empty level, no control characters. "/flags" is reserved (section 3.5).
 */
static bool is_entry(struct view name, bool wildcards)
{
	size_t stars = 0;
	if (name.len == 0 || name.len > MAIL_ANNOTATION_NAME_MAX || (name.data[0] != '/' && !wildcards))
		return false;
	for (size_t i = 0; i < name.len; i++) {
		char c = name.data[i];
		bool star = c == '*' || c == '%';
		stars += star;
		if (!ascii_is_print(c) || (star && !wildcards) ||
		    (c == '/' && !wildcards && (i + 1 == name.len || name.data[i + 1] == '/')))
			return false;
	}
	/* Each makes matching longer. */
	return stars <= 4;
}

bool imap_in_annotation_entry(struct imap_in *in, bool wildcards, struct view *entry)
{
	struct view name;
	if (!(wildcards ? imap_in_pattern(in, &name) : imap_in_astring(in, &name)))
		return false;
	char *lower = arena_alloc(imap_arena(in->session), name.len + 1);
	if (lower == NULL || !is_entry(name, wildcards)) {
		imap_in_wrong(in, "an entry's name is a path that begins with \"/\"");
		return false;
	}
	for (size_t i = 0; i < name.len; i++)
		lower[i] = ascii_lower(name.data[i]);
	*entry = view_of(lower, name.len);
	return true;
}

/* att-value */
static bool take_value(
    struct imap_in *in, struct view entry, struct imap_annotations_set *set, struct buf *out)
{
	struct mail_annotation_set a = {.entry = entry};
	struct view attribute;
	if (!imap_in_astring(in, &attribute) || !imap_in_space(in))
		return false;
	a.shared = view_equal_nocase(attribute, VIEW("value.shared"));
	if (!a.shared && !view_equal_nocase(attribute, VIEW("value.priv"))) {
		imap_in_wrong(in, "what can be set is value.priv and value.shared");
		return false;
	}
	if (!(imap_in_take(in, '~') ? imap_in_string(in, &a.value) : imap_in_nstring(in, &a.value, &a.none)))
		return false;
	if (a.value.len > MAIL_ANNOTATION_VALUE_MAX)
		set->too_big = true;
	else
		mail_annotation_put(out, &a);
	return true;
}

bool imap_in_annotations(struct imap_in *in, struct imap_annotations_set *set)
{
	struct buf out;
	size_t count = 0;
	*set = (struct imap_annotations_set){.too_big = false};
	buf_init(&out, MAIL_ANNOTATIONS_SET_MAX);
	imap_in_char(in, '(');
	do {
		struct view entry;
		if (!imap_in_annotation_entry(in, false, &entry) || !imap_in_space(in) ||
		    !imap_in_char(in, '('))
			break;
		do
			count++;
		while (take_value(in, entry, set, &out) && imap_in_take(in, ' '));
		imap_in_char(in, ')');
	} while (!in->wrong && imap_in_take(in, ' '));
	imap_in_char(in, ')');
	set->too_many = count > MAIL_ANNOTATIONS_OF_MESSAGE;
	if (!in->wrong && !set->too_many && !set->too_big &&
	    (buf_failed(&out) || !arena_copy(imap_arena(in->session), buf_view(&out), &set->entries)))
		imap_in_wrong(in, "[LIMIT] the command is too large");
	buf_done(&out);
	return in->wrong == NULL;
}

const char *imap_annotations_code(const struct imap_annotations_set *set, int64_t error, const char **text)
{
	if (set->too_big || error == -EMSGSIZE) {
		*text = "a value of an annotation is too long";
		return "ANNOTATE TOOBIG";
	}
	if (set->too_many || error == -EMLINK) {
		*text = "there are as many annotations as there can be";
		return "ANNOTATE TOOMANY";
	}
	return NULL;
}

/* attrib: without ".priv" and ".shared" both are meant. */
static bool take_attribute(struct imap_in *in, unsigned *attributes)
{
	static const struct {
		const char *name;
		unsigned bits;
	} known[] = {{"value", IMAP_VALUE_PRIV | IMAP_VALUE_SHARED}, {"value.priv", IMAP_VALUE_PRIV},
	    {"value.shared", IMAP_VALUE_SHARED}, {"size", IMAP_SIZE_PRIV | IMAP_SIZE_SHARED},
	    {"size.priv", IMAP_SIZE_PRIV}, {"size.shared", IMAP_SIZE_SHARED}};
	struct view name;
	if (!imap_in_astring(in, &name))
		return false;
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (view_equal_nocase(name, view_from_string(known[i].name))) {
			*attributes |= known[i].bits;
			return true;
		}
	imap_in_wrong(in, "the attributes are value and size");
	return false;
}

bool imap_in_annotations_wanted(struct imap_in *in, struct imap_annotations_wanted *wanted)
{
	if (!imap_in_char(in, '('))
		return false;
	bool list = imap_in_take(in, '(');
	do {
		if (wanted->count == IMAP_ANNOTATION_ENTRIES_MAX) {
			imap_in_wrong(in, "[LIMIT] there are too many entries");
			return false;
		}
		if (!imap_in_annotation_entry(in, true, &wanted->entries[wanted->count++]))
			return false;
	} while (list && imap_in_take(in, ' '));
	if ((list && !imap_in_char(in, ')')) || !imap_in_space(in))
		return false;
	list = imap_in_take(in, '(');
	do
		if (!take_attribute(in, &wanted->attributes))
			return false;
	while (list && imap_in_take(in, ' '));
	return (!list || imap_in_char(in, ')')) && imap_in_char(in, ')');
}

/* ---- what is known ---- */

int imap_annotated_add(struct buf *known, const struct mail_annotation *annotation)
{
	struct cursor in = cursor_on(annotation->uids);
	uint32_t uid = 0, last;
	uid_ranges_next(&in, &uid, &last);
	wire_put_number(known, uid);
	wire_put_text(known, annotation->name);
	return wire_put_text(known, annotation->value);
}

struct annotated {
	struct view entry;
	bool shared;
	struct view value;
};

/* Of one message; the count. */
static size_t find_message(
    struct view known, uint32_t uid, struct annotated found[MAIL_ANNOTATIONS_OF_MESSAGE])
{
	struct cursor in = cursor_on(known);
	size_t count = 0;
	while (!cursor_at_end(&in) && cursor_ok(&in) && count < MAIL_ANNOTATIONS_OF_MESSAGE) {
		uint64_t of = wire_number(&in, UINT32_MAX);
		struct view name = wire_text(&in), value = wire_text(&in);
		if (of == uid && mail_annotation_name(name, &found[count].entry, &found[count].shared))
			found[count++].value = value;
	}
	return count;
}

/* ---- showing ---- */

static void put_value(struct imap_pen *p, const struct annotated *a, bool size)
{
	if (size) {
		imap_pen_byte(p, '"');
		imap_pen_number(p, a ? a->value.len : 0);
		imap_pen_byte(p, '"');
	} else if (a == NULL) {
		imap_pen_view(p, VIEW("NIL"));
	} else if (a->value.len && memchr(a->value.data, '\0', a->value.len)) {
		imap_pen_view(p, VIEW("~{"));
		imap_pen_number(p, a->value.len);
		imap_pen_view(p, VIEW("}\r\n"));
		imap_pen_view(p, a->value);
	} else {
		imap_pen_string(p, view_of(a->value.data ? a->value.data : "", a->value.len));
	}
}

static void put_entry(struct imap_pen *p, struct view entry, unsigned attributes,
    const struct annotated *priv, const struct annotated *shared, bool *any)
{
	static const struct {
		unsigned bit;
		const char *name;
		bool shared, size;
	} shown[] = {{IMAP_VALUE_PRIV, "value.priv ", false, false},
	    {IMAP_VALUE_SHARED, "value.shared ", true, false}, {IMAP_SIZE_PRIV, "size.priv ", false, true},
	    {IMAP_SIZE_SHARED, "size.shared ", true, true}};
	bool first = true;
	if (*any)
		imap_pen_byte(p, ' ');
	*any = true;
	imap_pen_string(p, entry);
	imap_pen_view(p, VIEW(" ("));
	for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++) {
		if (!(attributes & shown[i].bit))
			continue;
		if (!first)
			imap_pen_byte(p, ' ');
		first = false;
		imap_pen_view(p, view_from_string(shown[i].name));
		put_value(p, shown[i].shared ? shared : priv, shown[i].size);
	}
	imap_pen_byte(p, ')');
}

static const struct annotated *find(
    const struct annotated *found, size_t count, struct view entry, bool shared)
{
	for (size_t i = 0; i < count; i++)
		if (found[i].shared == shared && view_equal(found[i].entry, entry))
			return &found[i];
	return NULL;
}

static bool is_pattern(struct view entry)
{
	return view_find(entry, '*') >= 0 || view_find(entry, '%') >= 0;
}

/* Entries that there are and that a pattern stands for; one that is named is shown, whether there is one or
 * not. */
void imap_pen_annotations(
    struct imap_pen *p, const struct imap_annotations_wanted *wanted, struct view known, uint32_t uid)
{
	struct annotated found[MAIL_ANNOTATIONS_OF_MESSAGE];
	size_t count = find_message(known, uid, found);
	bool wants_priv = wanted->attributes & (IMAP_VALUE_PRIV | IMAP_SIZE_PRIV);
	bool wants_shared = wanted->attributes & (IMAP_VALUE_SHARED | IMAP_SIZE_SHARED);
	bool any = false;
	imap_pen_byte(p, '(');
	for (size_t i = 0; i < count; i++) {
		const struct annotated *priv = find(found, count, found[i].entry, false);
		const struct annotated *shared = find(found, count, found[i].entry, true);
		bool matches = false, first = &found[i] == (shared ? shared : priv);
		for (size_t j = 0; j < wanted->count; j++)
			matches |= is_pattern(wanted->entries[j]) &&
			           imap_list_matches(wanted->entries[j], found[i].entry);
		for (size_t j = 0; j < wanted->count; j++)
			matches &=
			    is_pattern(wanted->entries[j]) || !view_equal(wanted->entries[j], found[i].entry);
		if (matches && first && ((wants_priv && priv) || (wants_shared && shared)))
			put_entry(p, found[i].entry, wanted->attributes, priv, shared, &any);
	}
	for (size_t j = 0; j < wanted->count; j++)
		if (!is_pattern(wanted->entries[j]))
			put_entry(p, wanted->entries[j], wanted->attributes,
			    find(found, count, wanted->entries[j], false),
			    find(found, count, wanted->entries[j], true), &any);
	imap_pen_byte(p, ')');
}
