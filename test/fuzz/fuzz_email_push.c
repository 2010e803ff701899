/* Forms of what a push tells of emails (mail/email_push.h): store reads what a process that speaks with
 * strangers gave it. What is read is within its limits, and each email is in its filter or not, always alike.
 */
#include "fuzz.h"
#include "mail/email_push.h"

static bool has_keyword(void *arg, struct view keyword)
{
	(void)arg;
	check(keyword.len > 0 && keyword.len <= EMAIL_PUSH_TEXT_MAX);
	touch(keyword);
	return keyword.data[0] & 1;
}

static bool has_words(void *arg, enum email_push_property field, struct view words)
{
	(void)arg;
	check(field < EMAIL_PUSH_PROPERTIES && words.len > 0 && words.len <= EMAIL_PUSH_TEXT_MAX);
	touch(words);
	return words.data[0] & 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint32_t mailboxes[] = {1, 2, 7};
	const struct email_push_test email = {.received = 1000,
	    .size = 1000,
	    .mailboxes = mailboxes,
	    .mailbox_count = 3,
	    .has_keyword = has_keyword,
	    .has_words = has_words};
	struct email_push_form form;
	if (!email_push_read(view_of((const char *)data, size), &form))
		return 0;
	check(size <= EMAIL_PUSH_FORM_MAX && form.urgency <= PUSH_URGENCY_LAST);
	for (size_t i = 0; i < form.properties.len; i++)
		check((unsigned char)form.properties.data[i] < EMAIL_PUSH_PROPERTIES);
	check(email_push_matches(&form, &email) == email_push_matches(&form, &email));
	return 0;
}
