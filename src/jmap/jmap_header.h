/*
 * Header fields as JMAP shows them: the forms of RFC 8621 section 4.1.2, written as JSON. Which field may be
 * asked for in which form is a matter of mime/header_form.h.
 *
 * Texts are read leniently, as everywhere here: encoded words wherever they stand, charsets that are wrongly
 * named. They are in Unicode's form NFC and without control characters, except in the raw form.
 */
#ifndef JMAP_JMAP_HEADER_H
#define JMAP_JMAP_HEADER_H

#include "format/address.h"
#include "format/json_out.h"
#include "mime/header_form.h"

/* What writers need for a moment: kept between fields, so that a list of messages asks for memory once. */
struct jmap_scratch {
	struct buf text, normal;
	struct arena arena; /* of addresses */
};

void jmap_scratch_init(struct jmap_scratch *s);
void jmap_scratch_done(struct jmap_scratch *s);

/* The value of one field in a form; `body` is what stands behind the colon, without the last line end. */
void jmap_header_write(struct json_out *out, struct jmap_scratch *s, enum header_form form, struct view body);

/* The value of a property over a header: of the last such field, or null; with `all` of each, as an array. */
void jmap_header_property_write(
    struct json_out *out, struct jmap_scratch *s, const struct header_property *property, struct view header);

/* EmailHeader[]: all fields in their order, raw. */
void jmap_headers_write(struct json_out *out, struct view header);

/* EmailAddress[], without what groups there are. */
void jmap_addresses_write(struct json_out *out, struct jmap_scratch *s, const struct address_list *addresses);

/* The text of a field or name: decoded, trimmed, normalised. It lives until the scratch is used again. */
struct view jmap_header_text(struct jmap_scratch *s, struct view body);

/* String[]|null of a list of message identifiers; Date|null of a date field's body. */
void jmap_message_ids_write(struct json_out *out, struct jmap_scratch *s, struct view body);
void jmap_date_field_write(struct json_out *out, struct view body);

/* UTCDate: "2014-10-30T06:12:00Z". */
void jmap_utc_date_write(struct json_out *out, int64_t seconds);

#endif
