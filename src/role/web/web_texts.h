/*
 * The texts of the pages on the way in, of the account, and of files behind links, in the languages of the
 * webmail. Each is looked up by the English one, as it stands where it is said.
 */
#ifndef ROLE_WEB_WEB_TEXTS_H
#define ROLE_WEB_WEB_TEXTS_H

#include "role/web/web_exchange.h"

enum web_language {
	WEB_ENGLISH,
	WEB_GERMAN,
	WEB_SPANISH,
	WEB_FRENCH,
	WEB_RUSSIAN,
	WEB_CHINESE,
	WEB_JAPANESE,
	WEB_ARABIC,
	WEB_LANGUAGES
};

/* The language of a page for whoever asks: that of the webmail in this browser (the cookie "language", which
 * the webmail sets), else what the browser prefers. English, where it is none of ours. */
enum web_language web_language_of(struct web_exchange *e);

/* "de" */
const char *web_language_tag(enum web_language language);

/* Whether it runs from right to left. */
bool web_language_is_rtl(enum web_language language);

/* What ends a sentence: "." */
const char *web_language_stop(enum web_language language);

/* The text in this language; the English one where there is no other. */
const char *web_text(enum web_language language, const char *english);

/* The same for a sentence that another role said; it is `english` itself where there is no other. */
struct view web_text_of(enum web_language language, struct view english);

/* For web_texts.c: those of the account's page (web_texts_account.c) and of setting programs up
 * (web_texts_setup.c). */
extern const char *const web_texts_account[][WEB_LANGUAGES], *const web_texts_setup[][WEB_LANGUAGES];
extern const size_t web_texts_account_count, web_texts_setup_count;
/* And of files behind links (web_texts_file.c). */
extern const char *const web_texts_file[][WEB_LANGUAGES];
extern const size_t web_texts_file_count;

#endif
