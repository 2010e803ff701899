/* Which forms which header fields have, and how properties name them: header_form.h. */
#include "mime/header_form.h"

#include <errno.h>

#include "format/header.h"
#include "format/limits.h"

static const char *const form_names[HEADER_FORMS] = {
    [HEADER_FORM_RAW] = "Raw",
    [HEADER_FORM_TEXT] = "Text",
    [HEADER_FORM_ADDRESSES] = "Addresses",
    [HEADER_FORM_GROUPED_ADDRESSES] = "GroupedAddresses",
    [HEADER_FORM_MESSAGE_IDS] = "MessageIds",
    [HEADER_FORM_DATE] = "Date",
    [HEADER_FORM_URLS] = "URLs",
};

#define FORM(form) (1u << (form))
#define ADDRESSES (FORM(HEADER_FORM_ADDRESSES) | FORM(HEADER_FORM_GROUPED_ADDRESSES))

/* The fields of RFC 5322 and RFC 2369; Raw is allowed for each. List-Id (RFC 2919) and all others have every
 * form. */
static const struct {
	const char *name;
	unsigned forms;
} fields[] = {
    {"Subject", FORM(HEADER_FORM_TEXT)},
    {"Comments", FORM(HEADER_FORM_TEXT)},
    {"Keywords", FORM(HEADER_FORM_TEXT)},
    {"From", ADDRESSES},
    {"Sender", ADDRESSES},
    {"Reply-To", ADDRESSES},
    {"To", ADDRESSES},
    {"Cc", ADDRESSES},
    {"Bcc", ADDRESSES},
    {"Resent-From", ADDRESSES},
    {"Resent-Sender", ADDRESSES},
    {"Resent-Reply-To", ADDRESSES},
    {"Resent-To", ADDRESSES},
    {"Resent-Cc", ADDRESSES},
    {"Resent-Bcc", ADDRESSES},
    {"Message-ID", FORM(HEADER_FORM_MESSAGE_IDS)},
    {"In-Reply-To", FORM(HEADER_FORM_MESSAGE_IDS)},
    {"References", FORM(HEADER_FORM_MESSAGE_IDS)},
    {"Resent-Message-ID", FORM(HEADER_FORM_MESSAGE_IDS)},
    {"Date", FORM(HEADER_FORM_DATE)},
    {"Resent-Date", FORM(HEADER_FORM_DATE)},
    {"List-Help", FORM(HEADER_FORM_URLS)},
    {"List-Unsubscribe", FORM(HEADER_FORM_URLS)},
    {"List-Subscribe", FORM(HEADER_FORM_URLS)},
    {"List-Post", FORM(HEADER_FORM_URLS)},
    {"List-Owner", FORM(HEADER_FORM_URLS)},
    {"List-Archive", FORM(HEADER_FORM_URLS)},
    {"Return-Path", 0},
    {"Received", 0},
};

/* RFC 8621 section 4.1.3: "identical to the value of". */
static const struct {
	const char *property, *field;
	enum header_form form;
} plain[] = {
    {"messageId", "Message-ID", HEADER_FORM_MESSAGE_IDS},
    {"inReplyTo", "In-Reply-To", HEADER_FORM_MESSAGE_IDS},
    {"references", "References", HEADER_FORM_MESSAGE_IDS},
    {"sender", "Sender", HEADER_FORM_ADDRESSES},
    {"from", "From", HEADER_FORM_ADDRESSES},
    {"to", "To", HEADER_FORM_ADDRESSES},
    {"cc", "Cc", HEADER_FORM_ADDRESSES},
    {"bcc", "Bcc", HEADER_FORM_ADDRESSES},
    {"replyTo", "Reply-To", HEADER_FORM_ADDRESSES},
    {"subject", "Subject", HEADER_FORM_TEXT},
    {"sentAt", "Date", HEADER_FORM_DATE},
};

bool header_form_is_allowed(struct view name, enum header_form form)
{
	if (form == HEADER_FORM_RAW)
		return true;
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		if (view_equal_nocase(name, view_from_string(fields[i].name)))
			return fields[i].forms & FORM(form);
	return true;
}

bool header_property_plain(struct view name, struct header_property *property)
{
	for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
		if (view_equal(name, view_from_string(plain[i].property))) {
			*property = (struct header_property){
			    .name = view_from_string(plain[i].field), .form = plain[i].form};
			return true;
		}
	return false;
}

static bool is_name(struct view name)
{
	for (size_t i = 0; i < name.len; i++)
		if (!header_is_ftext(name.data[i]))
			return false;
	return name.len > 0 && name.len < FIELD_NAME_MAX;
}

static bool take_form(struct view suffix, enum header_form *form)
{
	if (!view_starts(suffix, VIEW("as")))
		return false;
	for (unsigned i = 0; i < HEADER_FORMS; i++)
		if (view_equal(view_skip(suffix, 2), view_from_string(form_names[i]))) {
			*form = (enum header_form)i;
			return true;
		}
	return false;
}

int header_property_parse(struct view text, struct header_property *property)
{
	struct header_property found = {.form = HEADER_FORM_RAW};
	struct view suffix;
	if (!view_starts(text, VIEW("header:")))
		return -ENOENT;
	text = view_skip(text, 7);
	if (view_ends_nocase(text, VIEW(":")) || !view_next(&text, ':', &found.name) || !is_name(found.name))
		return -EINVAL;
	bool more = view_next(&text, ':', &suffix);
	if (more && take_form(suffix, &found.form))
		more = view_next(&text, ':', &suffix);
	if (more) {
		found.all = view_equal(suffix, VIEW("all"));
		if (!found.all || text.len > 0)
			return -EINVAL;
	}
	if (!header_form_is_allowed(found.name, found.form))
		return -EACCES;
	*property = found;
	return 0;
}
