/*
 * Header fields as JMAP names them: "header:List-Id:asText:all" (RFC 8621 section 4.1.3), and the forms that
 * a field's value may be read and written in (section 4.1.2). For who reads messages and who composes them.
 */
#ifndef MIME_HEADER_FORM_H
#define MIME_HEADER_FORM_H

#include "base/view.h"

enum header_form {
	HEADER_FORM_RAW,
	HEADER_FORM_TEXT,
	HEADER_FORM_ADDRESSES,
	HEADER_FORM_GROUPED_ADDRESSES,
	HEADER_FORM_MESSAGE_IDS,
	HEADER_FORM_DATE,
	HEADER_FORM_URLS,
	HEADER_FORMS
};

struct header_property {
	struct view name; /* of the field, as it was given; matched without case. Points into the property */
	enum header_form form;
	bool all; /* the values of all such fields, and not of the last one */
};

/*
 * Reads a property's name. 0; -ENOENT: it does not begin with "header:"; -EINVAL: it is none that there can
 * be (the name of a field is missing or has other octets than 33 to 126, an unknown form, suffixes in another
 * order); -EACCES: this field has no such form. Suffixes are matched as they are written in the RFC.
 */
int header_property_parse(struct view text, struct header_property *property)
    __attribute__((warn_unused_result));

/* Whether the field may be read and written in this form. Fields that neither RFC 5322 nor RFC 2369 defines
 * have all forms. */
bool header_form_is_allowed(struct view name, enum header_form form);

/*
 * The property for which a plain name of an Email stands: "subject" is "header:Subject:asText" (section
 * 4.1.3). False: the name is none of these.
 */
bool header_property_plain(struct view name, struct header_property *property);

#endif
