/* The message of RFC 2136, section by section: zone_update.h. */
#include "trust/zone/zone_update.h"

#include <errno.h>
#include <string.h>

#include "format/dns_message.h"

bool zone_update_skips(
    const char *apex, const struct zone_change *change, struct answers *seen, enum zone_skip *out)
{
	*out = ZONE_SKIP_NOT;
	if (!zone_contains(apex, change->record.owner)) {
		*out = ZONE_SKIP_ZONE;
		return true;
	}
	const struct answer *a = answers_look(seen, change->record.owner, change->record.type);
	if (a == NULL)
		return false;
	if (a->status != ANSWER_GOOD && a->status != ANSWER_NXDOMAIN)
		*out = ZONE_SKIP_UNSEEN;
	else if (a->canonical.len)
		*out = ZONE_SKIP_ALIAS;
	return true;
}

static void write_record(
    struct buf *out, const char *owner, unsigned type, unsigned class, uint32_t ttl, struct view data)
{
	dns_name_write(out, owner);
	buf_append_u16(out, (uint16_t)type);
	buf_append_u16(out, (uint16_t) class);
	buf_append_u32(out, ttl);
	buf_append_u16(out, (uint16_t)data.len);
	buf_append(out, data);
}

struct writer {
	const char *apex;
	const struct zone_change *changes;
	size_t count;
	struct answers *seen;
};

static const struct answer *applies(const struct writer *w, size_t i)
{
	enum zone_skip skip;
	if (!zone_update_skips(w->apex, &w->changes[i], w->seen, &skip) || skip != ZONE_SKIP_NOT)
		return NULL;
	return answers_look(w->seen, w->changes[i].record.owner, w->changes[i].record.type);
}

/* Whether an earlier change is of the same name and type: their records are one prerequisite. */
static bool is_first(const struct writer *w, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (w->changes[k].record.type == w->changes[i].record.type &&
		    strcmp(w->changes[k].record.owner, w->changes[i].record.owner) == 0)
			return false;
	return true;
}

/* Section 2.4: the records as they were seen, all of them; or that there are none. */
static unsigned write_prerequisites(const struct writer *w, struct buf *out)
{
	unsigned n = 0;
	for (size_t i = 0; i < w->count; i++) {
		const struct zone_record *r = &w->changes[i].record;
		const struct answer *a = applies(w, i);
		if (a == NULL || !is_first(w, i))
			continue;
		for (size_t k = 0; k < a->count; k++, n++)
			write_record(out, r->owner, r->type, DNS_CLASS_IN, 0, a->records[k]);
		if (a->count == 0) {
			write_record(out, r->owner, r->type, DNS_CLASS_NONE, 0, (struct view){0});
			n++;
		}
	}
	return n;
}

/* Section 2.5. What is added beside others has their time to live, which is one for all (RFC 2181 section
 * 5.2). */
static unsigned write_changes(const struct writer *w, struct buf *out, bool removed)
{
	unsigned n = 0;
	for (size_t i = 0; i < w->count; i++) {
		const struct zone_record *r = &w->changes[i].record;
		const struct answer *a = applies(w, i);
		if (a == NULL || w->changes[i].remove != removed)
			continue;
		if (removed)
			write_record(out, r->owner, r->type, DNS_CLASS_NONE, 0, r->data);
		else
			write_record(out, r->owner, r->type, DNS_CLASS_IN,
			    a->count && a->ttl ? a->ttl : r->ttl, r->data);
		n++;
	}
	return n;
}

static void set_count(struct buf *out, size_t start, size_t section, unsigned n)
{
	char *at = out->data + out->start + start + 4 + 2 * section;
	if (buf_failed(out))
		return;
	at[0] = (char)(n >> 8);
	at[1] = (char)n;
}

int zone_update_write(struct buf *out, uint16_t id, const char *apex, const struct zone_change *changes,
    size_t count, struct answers *seen, size_t *made)
{
	enum { OPCODE_SHIFT = 11, PREREQUISITES = 1, UPDATES = 2 };
	const struct writer w = {apex, changes, count, seen};
	size_t start = buf_view(out).len;
	char checked[DNS_NAME_SIZE];
	if (dns_name_parse(view_from_string(apex), checked) != 0)
		return -EINVAL;
	buf_append_u16(out, id);
	buf_append_u16(out, DNS_OPCODE_UPDATE << OPCODE_SHIFT);
	buf_append_u16(out, 1);
	buf_append_u16(out, 0);
	buf_append_u32(out, 0);
	dns_name_write(out, apex);
	buf_append_u16(out, DNS_SOA);
	int error = buf_append_u16(out, DNS_CLASS_IN);
	if (error)
		return error;
	set_count(out, start, PREREQUISITES, write_prerequisites(&w, out));
	/* What goes, goes first: an alias and another record are never there together. */
	unsigned n = write_changes(&w, out, true);
	n += write_changes(&w, out, false);
	set_count(out, start, UPDATES, n);
	*made = n;
	return buf_failed(out) ? -ENOBUFS : 0;
}

const char *zone_update_words(unsigned rcode)
{
	switch (rcode) {
	case DNS_NOERROR:
		return "done";
	case DNS_YXDOMAIN:
	case DNS_YXRRSET:
	case DNS_NXRRSET:
	case DNS_NXDOMAIN:
		return "somebody else has changed these records meanwhile, so nothing was changed; check "
		       "again";
	case DNS_NOTAUTH:
		return "the server is not the primary one of this zone, or does not accept the key for it; "
		       "nothing was changed";
	case DNS_NOTZONE:
		return "a record lies outside the zone; nothing was changed";
	case DNS_REFUSED:
		return "the server does not allow this key to change the zone, or these records; nothing was "
		       "changed (BIND: allow-update or update-policy; Knot: an acl with action update)";
	case DNS_NOTIMP:
		return "the server takes no updates (RFC 2136); nothing was changed";
	case DNS_SERVFAIL:
		return "the server failed; its log says why (often it cannot write the zone's file). Nothing "
		       "was changed";
	case DNS_FORMERR:
		return "the server does not understand the update; nothing was changed";
	default:
		return "the server gave an unknown error; check what was changed";
	}
}
