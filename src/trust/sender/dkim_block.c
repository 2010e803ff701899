/* What a signature signs, and what somebody may have added beside it: RFC 6376 sections 3.7, 5.4.2, 8.15. */
#include "trust/sender/dkim_block.h"

int dkim_block_write(struct dkim_header *h, const struct dkim_header_field *own,
    const struct dkim_field *field, struct buf *out)
{
	struct view rest = field->names, name;
	int error = 0;
	dkim_header_take_begin(h);
	while (error == 0 && tag_entry_next(&rest, &name)) {
		const struct dkim_header_field *signed_field = dkim_header_take(h, name, own);
		if (signed_field)
			error = dkim_header_write(signed_field, field->header_canon, out);
	}
	return error ? error : dkim_header_write_cut(own, field->cut, field->header_canon, out);
}

/*
 * Of what RFC 5322 section 3.6 and RFC 2045 allow once, the fields that decide what a reader sees, and whom
 * they answer. Others stand twice in honest mail (MIME-Version behind a gateway) and deceive nobody.
 */
static const char *const single[] = {
    "From", "Subject", "Date", "To", "Cc", "Sender", "Reply-To", "Content-Type", "Content-Transfer-Encoding"};

const char *dkim_block_added(const struct dkim_header *h)
{
	for (size_t i = 0; i < sizeof single / sizeof single[0]; i++) {
		struct view name = view_from_string(single[i]);
		if (dkim_header_count(h, name) < 2)
			continue;
		size_t covered = dkim_header_count_taken(h, name);
		if (covered > 0 && covered < dkim_header_count(h, name))
			return single[i];
	}
	return NULL;
}
