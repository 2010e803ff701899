/* The limits of a report's values in our own form: report.h. */
#include "report/failure.h"
#include "report/report_wish.h"

#include <stddef.h>
#include <string.h>

#include "base/utf8.h"

#define NUMBER_MAX (UINT64_C(1) << 50) /* far below where sums overflow */
#define TIME_LIMIT UINT64_C(253402300799)

/* clang-format off */
#define ROW(type, member, kind, most, element) {#member, kind, offsetof(struct type, member), most, element, 0}
#define TEXT(type, member) ROW(type, member, CODEC_LINE, REPORT_TEXT_MAX, NULL)
#define NUMBER(type, member) ROW(type, member, CODEC_U64, NUMBER_MAX, NULL)
#define TIME(type, member) ROW(type, member, CODEC_U64, TIME_LIMIT, NULL)
#define LIST(type, member, most, element) ROW(type, member, CODEC_LIST, most, element)
#define SCHEMA(type, ...) \
	static const struct codec_field type##_fields[] = {__VA_ARGS__}; \
	const struct codec_schema type##_schema = {#type, sizeof(struct type), type##_fields, sizeof type##_fields / sizeof type##_fields[0]}
#define OWN_SCHEMA(type, ...) \
	static const struct codec_field type##_fields[] = {__VA_ARGS__}; \
	static const struct codec_schema type##_schema = {#type, sizeof(struct type), type##_fields, sizeof type##_fields / sizeof type##_fields[0]}
/* clang-format on */

OWN_SCHEMA(report_reason, TEXT(report_reason, type), TEXT(report_reason, comment));
OWN_SCHEMA(report_signature, TEXT(report_signature, domain), TEXT(report_signature, selector),
    TEXT(report_signature, result));
SCHEMA(report_row, TEXT(report_row, source), NUMBER(report_row, count), TEXT(report_row, disposition),
    TEXT(report_row, dkim), TEXT(report_row, spf),
    LIST(report_row, reasons, REPORT_REASONS_MAX, &report_reason_schema), TEXT(report_row, header_from),
    TEXT(report_row, envelope_from),
    LIST(report_row, signatures, REPORT_SIGNATURES_MAX, &report_signature_schema),
    TEXT(report_row, spf_domain), TEXT(report_row, spf_scope), TEXT(report_row, spf_result));

#define POLICY(type, before)                                                                                 \
	TEXT(type, before domain), TEXT(type, before p), TEXT(type, before sp), TEXT(type, before np),       \
	    TEXT(type, before adkim), TEXT(type, before aspf), TEXT(type, before fo),                        \
	    TEXT(type, before testing), TEXT(type, before method)
SCHEMA(report_policy, POLICY(report_policy, ));
SCHEMA(report_dmarc, TEXT(report_dmarc, org), TEXT(report_dmarc, email), TEXT(report_dmarc, contact),
    TEXT(report_dmarc, id), TEXT(report_dmarc, error), TEXT(report_dmarc, generator),
    TIME(report_dmarc, begin), TIME(report_dmarc, end), POLICY(report_dmarc, policy.),
    LIST(report_dmarc, rows, REPORT_ROWS_MAX, &report_row_schema), NUMBER(report_dmarc, left_out));

OWN_SCHEMA(report_text, TEXT(report_text, value));
SCHEMA(report_tls_failure, TEXT(report_tls_failure, type), TEXT(report_tls_failure, sending_ip),
    TEXT(report_tls_failure, mx_host), TEXT(report_tls_failure, mx_helo),
    TEXT(report_tls_failure, receiving_ip), TEXT(report_tls_failure, info), TEXT(report_tls_failure, code),
    NUMBER(report_tls_failure, count));
SCHEMA(report_tls_policy, TEXT(report_tls_policy, type), TEXT(report_tls_policy, domain),
    LIST(report_tls_policy, strings, REPORT_STRINGS_MAX, &report_text_schema),
    LIST(report_tls_policy, mx, REPORT_STRINGS_MAX, &report_text_schema),
    NUMBER(report_tls_policy, successes), NUMBER(report_tls_policy, failures),
    LIST(report_tls_policy, details, REPORT_DETAILS_MAX, &report_tls_failure_schema));
SCHEMA(report_tls, TEXT(report_tls, org), TEXT(report_tls, contact), TEXT(report_tls, id),
    TIME(report_tls, begin), TIME(report_tls, end),
    LIST(report_tls, policies, REPORT_POLICIES_MAX, &report_tls_policy_schema));

SCHEMA(report_failure, TEXT(report_failure, org), TEXT(report_failure, id), TIME(report_failure, at),
    NUMBER(report_failure, incidents), ROW(report_failure, port, CODEC_U64, 65535, NULL),
    TEXT(report_failure, domain), TEXT(report_failure, source), TEXT(report_failure, type),
    TEXT(report_failure, alignment), TEXT(report_failure, delivery), TEXT(report_failure, mail_from),
    ROW(report_failure, results, CODEC_LINE, FAILURE_RESULTS_MAX, NULL), TEXT(report_failure, dkim_domain),
    TEXT(report_failure, dkim_identity), TEXT(report_failure, dkim_selector),
    ROW(report_failure, spf_dns, CODEC_LINE, FAILURE_RESULTS_MAX, NULL), TEXT(report_failure, from),
    TEXT(report_failure, subject), TEXT(report_failure, message_id));

struct view report_keep(struct arena *arena, struct view text, bool *full)
{
	char kept[REPORT_TEXT_MAX];
	size_t len = 0;
	struct view copy = {0};
	text = view_trim(text);
	while (text.len > 0) {
		struct view before = text;
		int32_t c = utf8_next(&text);
		bool control = c < ' ' || (c >= 0x7f && c < 0xa0);
		size_t size = control ? 1 : before.len - text.len;
		if (size > sizeof kept - len)
			break;
		memcpy(kept + len, control ? " " : before.data, size);
		len += size;
	}
	if (len > 0 && !arena_copy(arena, view_of(kept, len), &copy))
		*full = true;
	return copy;
}

SCHEMA(report_wish, POLICY(report_wish, policy.), ROW(report_wish, rua, CODEC_LINE, REPORT_RUA_MAX, NULL));

struct view report_wish_cut(struct view rua)
{
	if (rua.len <= REPORT_RUA_MAX)
		return rua;
	ptrdiff_t comma = view_find_last(view_take(rua, REPORT_RUA_MAX), ',');
	return view_take(rua, comma < 0 ? 0 : (size_t)comma);
}
