#include <errno.h>

#include "../unit.h"

#include "mime/header_form.h"

static void reads(const char *text, const char *name, enum header_form form, bool all)
{
	struct header_property p;
	assert_int_equal(header_property_parse(view_from_string(text), &p), 0);
	assert_view(p.name, name);
	assert_int_equal(p.form, form);
	assert_int_equal(p.all, all);
}

static void refuses(const char *text, int error)
{
	struct header_property p;
	assert_int_equal(header_property_parse(view_from_string(text), &p), error);
}

static void reads_properties(void **state)
{
	(void)state;
	reads("header:Subject", "Subject", HEADER_FORM_RAW, false);
	reads("header:subject:asText", "subject", HEADER_FORM_TEXT, false);
	reads("header:Resent-To:asAddresses:all", "Resent-To", HEADER_FORM_ADDRESSES, true);
	reads("header:To:asGroupedAddresses", "To", HEADER_FORM_GROUPED_ADDRESSES, false);
	reads("header:X-Mine:all", "X-Mine", HEADER_FORM_RAW, true);
	reads("header:List-Post:asURLs", "List-Post", HEADER_FORM_URLS, false);
	reads("header:Date:asDate", "Date", HEADER_FORM_DATE, false);
	/* Names of fields that look like suffixes. */
	reads("header:all", "all", HEADER_FORM_RAW, false);
	reads("header:asText:asText", "asText", HEADER_FORM_TEXT, false);
}

static void refuses_what_is_no_property(void **state)
{
	(void)state;
	refuses("subject", -ENOENT);
	refuses("Header:Subject", -ENOENT);
	refuses("header:", -EINVAL);
	refuses("header::asText", -EINVAL);
	refuses("header:Sub ject", -EINVAL);
	refuses("header:S\xc3\xbc", -EINVAL);
	refuses("header:Subject:", -EINVAL);
	refuses("header:Subject:asText:", -EINVAL);
	refuses("header:Subject:astext", -EINVAL);
	refuses("header:Subject:asSomething", -EINVAL);
	refuses("header:Subject:all:asText", -EINVAL);
	refuses("header:Subject:asText:asText", -EINVAL);
	refuses("header:Subject:all:all", -EINVAL);
}

static void knows_which_forms_a_field_has(void **state)
{
	(void)state;
	refuses("header:From:asText", -EACCES);
	refuses("header:fRoM:asDate", -EACCES);
	refuses("header:Subject:asAddresses", -EACCES);
	refuses("header:Message-ID:asURLs", -EACCES);
	refuses("header:Date:asText:all", -EACCES);
	refuses("header:List-Help:asText", -EACCES);
	refuses("header:Received:asDate", -EACCES);
	assert_true(header_form_is_allowed(VIEW("Received"), HEADER_FORM_RAW));
	for (unsigned form = 0; form < HEADER_FORMS; form++) {
		assert_true(header_form_is_allowed(VIEW("X-Mine"), form));
		assert_true(header_form_is_allowed(VIEW("Content-Type"), form));
	}
	assert_true(header_form_is_allowed(VIEW("List-Id"), HEADER_FORM_TEXT));
}

static void knows_plain_names(void **state)
{
	(void)state;
	struct header_property p;
	assert_true(header_property_plain(VIEW("replyTo"), &p));
	assert_view(p.name, "Reply-To");
	assert_int_equal(p.form, HEADER_FORM_ADDRESSES);
	assert_true(header_property_plain(VIEW("sentAt"), &p));
	assert_view(p.name, "Date");
	assert_int_equal(p.form, HEADER_FORM_DATE);
	assert_false(header_property_plain(VIEW("keywords"), &p));
	assert_false(header_property_plain(VIEW("Subject"), &p));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_properties),
	    cmocka_unit_test(refuses_what_is_no_property),
	    cmocka_unit_test(knows_which_forms_a_field_has),
	    cmocka_unit_test(knows_plain_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
