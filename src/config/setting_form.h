/* The forms that values of settings have beyond their kind: what is expected, in words, and who looks at a
 * value. */
#ifndef CONFIG_SETTING_FORM_H
#define CONFIG_SETTING_FORM_H

#include "base/view.h"

enum setting_form {
	FORM_ANY,
	FORM_HOST_NAME,
	FORM_FOLDER,
	FORM_FILE,
	FORM_LISTEN,
	FORM_NETWORK,
	FORM_ADDRESS,
	FORM_MAIL_ADDRESS,
	FORM_DOMAIN,
	FORM_MECHANISM,
	FORM_NAME_SERVER,
	FORM_ANCHOR,
	FORM_STUB,
	FORM_UPDATE,
	FORM_BIMI,
	FORM_ROUTE,
	FORM_RELAY_DOMAIN,
	FORM_TLS_POLICY,
	FORM_EXCEPTION,
	FORM_FROM_CHECK, /* own_from, foreign_from */
	FORM_POLICY,     /* dmarc_policy */
	FORM_OWN_DOMAINS,
	FORM_PEOPLE_SEEN,
	FORM_MASKED_DOMAIN,
	FORM_LANGUAGE,
	FORM_LOCAL_USER, /* local_senders */
	SETTING_FORMS
};

/* What a value of this form is, for people: "an IP address and a port, such as ..."; empty for FORM_ANY. */
const char *setting_form_text(enum setting_form form);

/* NULL: the value has the form; else what is wrong with it (a constant). */
const char *setting_form_check(enum setting_form form, struct view value);

/* The words of a form that has only a few: a NULL ends them. NULL: it has no list of words. */
const char *const *setting_form_words(enum setting_form form);

#endif
