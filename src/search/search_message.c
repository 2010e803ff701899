#include "search/search_message.h"

#include <errno.h>

struct reading {
	struct search_terms *terms;
	search_extract *extract;
	void *arg;
	int error;
};

static int add_field(struct search_terms *terms, const struct message_text_piece *p)
{
	const struct {
		struct view name;
		enum search_section section;
	} fields[] = {
	    {VIEW("Subject"), SEARCH_SUBJECT},
	    {VIEW("From"), SEARCH_FROM},
	    {VIEW("To"), SEARCH_TO},
	    {VIEW("Cc"), SEARCH_CC},
	    {VIEW("Bcc"), SEARCH_BCC},
	};
	int error = 0;
	for (size_t i = 0; i < sizeof fields / sizeof *fields && error == 0; i++)
		if (view_equal_nocase(p->name, fields[i].name))
			error = search_terms_add(terms, fields[i].section, p->text, false);
	if (p->kind == MESSAGE_TEXT_ADDRESSES)
		return error;
	if (error == 0 && !p->is_noise)
		error = search_terms_add(terms, SEARCH_HEADER, p->name, true);
	if (error == 0 && !p->is_noise)
		error = search_terms_add(terms, SEARCH_HEADER, VIEW(": "), true);
	if (error == 0 && !p->is_noise)
		error = search_terms_add(terms, SEARCH_HEADER, p->text, false);
	return error;
}

static bool take(void *arg, const struct message_text_piece *p)
{
	struct reading *r = arg;
	switch (p->kind) {
	case MESSAGE_TEXT_FIELD:
	case MESSAGE_TEXT_ADDRESSES:
		r->error = add_field(r->terms, p);
		break;
	case MESSAGE_TEXT_PART_FIELD:
		r->error = search_terms_add(r->terms, SEARCH_HEADER, p->text, false);
		break;
	case MESSAGE_TEXT_BODY:
		r->error = search_terms_add(r->terms, SEARCH_BODY, p->text, p->continues);
		break;
	case MESSAGE_TEXT_ATTACHMENT:
		r->error = r->extract(r->arg, p, r->terms);
		break;
	}
	return r->error == 0;
}

int search_message(struct view message, search_extract *extract, void *arg, size_t attachment_max,
    struct search_terms *terms)
{
	struct reading r = {.terms = terms, .extract = extract, .arg = arg};
	struct message_text_options options = {
	    .attachments = extract != NULL, .attachment_max = attachment_max};
	int error = message_text(message, &options, take, &r);
	if (error == -ENOBUFS)
		search_terms_cut(terms);
	else if (error && r.error == 0)
		r.error = error;
	return r.error;
}
