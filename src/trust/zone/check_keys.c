/* DKIM: the records of the keys that sign, of those that did, and what is left of older ones. */
#include <string.h>

#include "trust/sender/dkim_key.h"
#include "trust/zone/zone_check_private.h"

static const char *fault_words(enum dkim_key_fault fault)
{
	switch (fault) {
	case DKIM_KEY_REVOKED:
		return "is revoked (p= is empty)";
	case DKIM_KEY_UNSUPPORTED:
		return "has an algorithm that nobody knows (k=)";
	case DKIM_KEY_HASH:
		return "does not allow SHA-256 (h=)";
	case DKIM_KEY_SERVICE:
		return "is not for e-mail (s=)";
	case DKIM_KEY_SHORT:
	case DKIM_KEY_LONG:
		return "is too short or too long";
	default:
		return "cannot be read";
	}
}

/* Whether two records publish the same key; other tags may differ. */
static bool same_key(struct zone_checker *c, struct view published, struct view wanted, struct dkim_key *out)
{
	struct dkim_key key;
	dkim_key_parse(wanted, c->arena, &key);
	dkim_key_parse(published, c->arena, out);
	if (key.fault != DKIM_KEY_GOOD || out->fault != DKIM_KEY_GOOD || key.kind != out->kind)
		return false;
	return key.kind == DKIM_KEY_RSA ? view_equal(key.n, out->n) && view_equal(key.e, out->e)
	                                : view_equal(key.point, out->point);
}

static void add_all(
    struct zone_checker *c, struct zone_finding *f, const char *name, const struct zone_texts *old)
{
	const struct zone_wanted *wanted = zone_wanted(c, ZONE_DKIM, name, DNS_TXT);
	for (size_t i = 0; i < old->count; i++)
		if (wanted == NULL || !view_equal(old->data[i], wanted->record.data))
			zone_change_remove(c, f, name, DNS_TXT, old->ttl, old->data[i]);
	bool there = false;
	for (size_t i = 0; wanted && i < old->count; i++)
		there = there || view_equal(old->data[i], wanted->record.data);
	if (wanted && !there)
		zone_change_add(c, f, &wanted->record);
}

static void check_published(
    struct zone_checker *c, const struct zone_key *key, const char *name, const struct zone_texts *texts)
{
	const struct view broken =
	    VIEW("Signatures with this key prove nothing: mail is taken for forged where DMARC is enforced.");
	struct dkim_key published;
	if (texts->count == 0) {
		add_all(c,
		    zone_tell(c, key->state == ZONE_KEY_ACTIVE ? ZONE_FAULT : ZONE_WARNING, name, DNS_TXT,
		        zone_say(c, "The record of the DKIM key %s is missing.", key->selector),
		        key->state == ZONE_KEY_ACTIVE ? broken
		        : key->state == ZONE_KEY_NEW
		            ? VIEW("The key signs nothing until its record is seen.")
		            : VIEW("Mail that this key signed, and that is still on its way, is not proven."),
		        (struct view){0}),
		    name, texts);
	} else if (texts->count > 1) {
		add_all(c,
		    zone_tell(c, ZONE_FAULT, name, DNS_TXT,
		        zone_say(c, "There are %zu records of the DKIM key %s.", texts->count, key->selector),
		        VIEW("What a receiver does then is undefined (RFC 6376 section 3.6.2)."),
		        (struct view){0}),
		    name, texts);
	} else if (!same_key(c, texts->texts[0], key->record, &published)) {
		add_all(c,
		    zone_tell(c, ZONE_FAULT, name, DNS_TXT,
		        published.fault == DKIM_KEY_GOOD
		            ? zone_say(c, "The record of the DKIM key %s holds another key.", key->selector)
		            : zone_say(c, "The record of the DKIM key %s %s.", key->selector,
		                  fault_words(published.fault)),
		        broken, (struct view){0}),
		    name, texts);
	} else if (published.testing) {
		add_all(c,
		    zone_tell(c, ZONE_HINT, name, DNS_TXT,
		        zone_say(c, "The record of the DKIM key %s says that it is only tried out (t=y).",
		            key->selector),
		        VIEW("Some receivers do not count its signatures."), (struct view){0}),
		    name, texts);
	}
}

static void check_key(struct zone_checker *c, const struct zone_key *key)
{
	struct zone_texts texts;
	const char *below = zone_below(c, "_domainkey", c->site->domain),
	           *name = below ? zone_below(c, key->selector, below) : NULL;
	if (zone_texts(c, name, "", &texts) != ZONE_SEEN)
		return;
	if (key->state != ZONE_KEY_RETIRED)
		check_published(c, key, name, &texts);
	else if (texts.count > 0)
		add_all(c,
		    zone_tell(c, ZONE_HINT, name, DNS_TXT,
		        zone_say(c, "The record of the retired DKIM key %s is still there.", key->selector),
		        VIEW("If that key was ever stolen, mail can be forged with it."), (struct view){0}),
		    name, &texts);
}

void zone_check_keys(struct zone_checker *c)
{
	c->part = ZONE_DKIM;
	if (c->site->key_count == 0)
		return;
	c->out->checked |= 1U << ZONE_DKIM;
	for (size_t i = 0; i < c->site->key_count; i++)
		check_key(c, &c->site->keys[i]);
}
