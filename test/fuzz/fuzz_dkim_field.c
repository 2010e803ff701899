/* DKIM-Signature and the fields of ARC that have its form. The first byte chooses the kind. */
#include "fuzz.h"

#include <string.h>

#include "format/dns_record.h"
#include "trust/sender/dkim_field.h"

static void check_name(const char *name)
{
	char again[DNS_NAME_SIZE];
	check(dns_name_parse(view_from_string(name), again) == 0 && strcmp(name, again) == 0);
}

/* What a field without a fault promises whoever goes on with it. */
static void check_good(enum dkim_field_kind kind, struct view body, const struct dkim_field *f)
{
	check_name(f->domain);
	check_name(f->selector);
	check(strlen(f->domain) + strlen(f->selector) + strlen("._domainkey.") < DNS_NAME_SIZE);
	check(f->algorithm != DKIM_ALGORITHM_UNKNOWN);
	check(f->signature.len > 0 && f->signature.len <= DKIM_SIGNATURE_MAX);
	check(f->cut.data >= body.data && f->cut.data + f->cut.len <= body.data + body.len);
	check(kind == DKIM_SIGNATURE || (f->instance >= 1 && f->instance <= 50));
	check(f->identity.len == 0 || view_find(f->identity, '@') >= 0);
	if (kind == ARC_SEAL)
		return;
	check(f->body_hash.len == (f->algorithm == DKIM_RSA_SHA1 ? 20 : DKIM_HASH_SIZE));
	struct view rest = f->names, name;
	size_t count = 0;
	bool from = false;
	while (tag_entry_next(&rest, &name)) {
		count++;
		from |= view_equal_nocase(name, VIEW("From"));
	}
	check(count <= DKIM_NAMES_MAX && (from || kind != DKIM_SIGNATURE));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	struct view body = view_of(data + 1, size - 1);
	enum dkim_field_kind kind = (enum dkim_field_kind)(data[0] % 3);
	struct arena arena;
	struct dkim_field f;
	arena_init(&arena, 1 << 20);
	dkim_field_parse(kind, body, &arena, &f);
	touch(f.algorithm_text);
	touch(f.identity);
	touch(f.text);
	touch(f.names);
	check(f.fault != DKIM_FIELD_MEMORY && f.tag != NULL);
	if (f.fault == DKIM_FIELD_GOOD)
		check_good(kind, body, &f);
	arena_done(&arena);
	return 0;
}
