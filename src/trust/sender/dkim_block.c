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

/* RFC 5322 section 3.6: at most one of each. RFC 2045 says the same of its own. */
static const char *const single[] = {"From", "Subject", "Date", "To", "Cc", "Sender", "Reply-To",
    "Message-ID", "In-Reply-To", "References", "MIME-Version", "Content-Type", "Content-Transfer-Encoding"};

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
