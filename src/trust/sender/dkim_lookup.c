/* Finding a key: RFC 6376 section 3.6.2. TXT records of other kinds at that name (a wildcard for SPF is the
 * usual one) are passed over. */
#include "trust/sender/dkim_lookup.h"

#include <errno.h>
#include <stdio.h>

static enum dkim_lookup read_records(
    const struct answer *answer, struct arena *arena, struct dkim_found_key *out)
{
	enum dkim_lookup found = DKIM_LOOKUP_NONE;
	struct buf text;
	buf_init(&text, DNS_TXT_MAX);
	for (size_t i = 0; i < answer->count && found != DKIM_LOOKUP_SEVERAL; i++) {
		struct dkim_key key;
		struct view copy;
		buf_clear(&text);
		int error = dns_record_txt(answer->records[i], &text);
		if (error == -EINVAL || error == -ENAMETOOLONG)
			continue;
		if (error || !arena_copy(arena, buf_view(&text), &copy)) {
			found = DKIM_LOOKUP_MEMORY;
			break;
		}
		dkim_key_parse(copy, arena, &key);
		if (key.fault == DKIM_KEY_NONE)
			continue;
		found = found == DKIM_LOOKUP_NONE ? DKIM_LOOKUP_KEY : DKIM_LOOKUP_SEVERAL;
		out->key = key;
	}
	buf_done(&text);
	return found;
}

static void write_name(const struct dkim_field *field, char name[DNS_NAME_SIZE])
{
	snprintf(name, DNS_NAME_SIZE, "%s._domainkey.%s", field->selector, field->domain);
}

bool dkim_lookup_ask(struct answers *answers, const struct dkim_field *field)
{
	char name[DNS_NAME_SIZE];
	write_name(field, name);
	return answers_look(answers, name, DNS_TXT) != NULL;
}

enum dkim_lookup dkim_lookup_key(
    struct answers *answers, const struct dkim_field *field, struct arena *arena, struct dkim_found_key *out)
{
	*out = (struct dkim_found_key){0};
	write_name(field, out->name);
	const struct answer *answer = answers_look(answers, out->name, DNS_TXT);
	if (answer == NULL)
		return DKIM_LOOKUP_WAIT;
	out->secure = answer->secure;
	out->why = answer->why;
	if (answer->status == ANSWER_FAILED || answer->status == ANSWER_BOGUS)
		return DKIM_LOOKUP_UNAVAILABLE;
	return read_records(answer, arena, out);
}
