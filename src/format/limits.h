/*
 * The limits of every reader in format/, each with its reason. Reaching one is no error of the program:
 * strict readers refuse, tolerant ones note a defect and go on with what fits.
 */
#ifndef FORMAT_LIMITS_H
#define FORMAT_LIMITS_H

enum {
	/* RFC 5321 section 4.5.3.1: octets of a domain, and of a path with its brackets. */
	DOMAIN_MAX = 255,
	PATH_MAX_OCTETS = 256,
	/*
	 * Octets of a local part: what a path leaves it beside brackets, "@" and the shortest domain. 64 is
	 * what everybody must take (section 4.5.3.1.1) and not a limit to impose: forwarders and ticket
	 * systems make longer ones.
	 */
	LOCAL_PART_MAX = PATH_MAX_OCTETS - 4,
	/* Octets of a local part that forwarding makes longer here (trust/route/srs.h): three times what all
	   hosts take. */
	LOCAL_PART_REWRITTEN_MAX = 3 * 64,
	/* RFC 1035 section 2.3.4. */
	DOMAIN_LABEL_MAX = 63,
	/*
	 * A canonical key: a folded local part may be three times its length, plus "@" and an A-label domain.
	 */
	ADDRESS_KEY_MAX = 3 * LOCAL_PART_MAX + 1 + DOMAIN_MAX,

	/*
	 * Words before an address in a header: nobody reads a longer name, and a lie may not grow without
	 * end.
	 */
	ADDRESS_PHRASE_MAX = 1024,
	/*
	 * Addresses kept of one header field: more than any person writes to; lists of lists exist, though.
	 */
	ADDRESS_LIST_MAX = 10000,

	/* Nested comments are legal and useless: deeper ones are skipped as text. */
	COMMENT_DEPTH_MAX = 64,

	/*
	 * RFC 5322 section 2.1.1: octets of a line that we write, without CRLF; 998 is what must be
	 * accepted.
	 */
	LINE_FOLD_AT = 78,
	LINE_MAX_OCTETS = 998,

	/*
	 * A field's name with the blanks and the colon behind it, and all that a lenient reader forgives
	 * between them: as long as a line may be. The limit makes all readers decide alike, also those that
	 * see a few bytes at a time.
	 */
	FIELD_NAME_MAX = 1000,
	/*
	 * Octets of lines that are no fields, behind which a header may go on. Broken programs write a line
	 * or two; the limit is what a filter must hold back until it knows.
	 */
	HEADER_DOUBT_MAX = 8 * 1024,
	/* Broken lines of one header that are kept, and octets of each. Nobody needs more to find the program
	   that wrote them. */
	HEADER_BROKEN_LINES_MAX = 20,
	HEADER_BROKEN_LINE_MAX = 900,

	/* RFC 2047 section 2: octets of one encoded word that we write. */
	ENCODED_WORD_MAX = 75,

	/* Parameters of one Content-Type or Content-Disposition, and octets of a joined RFC 2231 value. */
	PARAMETERS_MAX = 64,
	PARAMETER_VALUE_MAX = 2048,

	/* Message-IDs kept of one References field. */
	MESSAGE_IDS_MAX = 200,

	/*
	 * MIME. Mail programs nest five deep and a mailing-list digest has a few hundred parts; past these
	 * the rest is one opaque part.
	 */
	MIME_DEPTH_MAX = 32,
	MIME_PARTS_MAX = 500,
	/* RFC 2046 section 5.1.1 allows 70; real ones are longer at times, but fit on a line. */
	MIME_BOUNDARY_MAX = 990,
	/* One header field as kept for reading: a To with a thousand addresses fits. */
	MIME_FIELD_MAX = 48 * 1024,
	/* Octets of one header, and of all headers of a message, that are looked at. */
	MIME_HEADER_MAX = 256 * 1024,
	MIME_HEADERS_MAX = 4 * 1024 * 1024,
	/*
	 * Addresses kept of each list of an envelope: more than a list of messages shows, and few enough that
	 * six full lists leave room for the subject and the parts.
	 */
	ENVELOPE_ADDRESSES_MAX = 50,
	/* What a parser keeps of a message in text: types, names, envelopes. */
	MIME_KEPT_MAX = 96 * 1024,
	/*
	 * The beginning of the first plain and of the first HTML text, raw, from which the preview is made.
	 */
	MIME_PLAIN_KEPT = 4 * 1024,
	MIME_HTML_KEPT = 16 * 1024,

	/* Octets of the preview, in UTF-8; JMAP (RFC 8621 section 4.1.4) allows 256 characters. */
	PREVIEW_MAX = 256,

	/*
	 * The summary that the store keeps of a message, and its shares: a subject, a list of addresses.
	 * Nobody reads more in a list of messages; who needs all of it reads the header.
	 */
	SUMMARY_MAX = 24 * 1024,
	SUMMARY_TEXT_MAX = 2 * 1024,
	SUMMARY_ADDRESSES_MAX = 2 * 1024,
	/*
	 * A summary up to this size stands in the index: one entry there holds some 1,900 octets. A longer
	 * one stands behind the message's body. Ordinary mail has 300 to 700; one to 20 people some 1,400.
	 */
	SUMMARY_INLINE_MAX = 1850,
	/*
	 * A structure up to this size stands in the index too, where the entry has room for both. Plain mail
	 * has 50, mail with two texts 220, with an attachment or two 350.
	 */
	STRUCTURE_INLINE_MAX = 400,
	/* The structure: 500 parts with names and parameters as long as parsers keep them. */
	STRUCTURE_MAX = 128 * 1024,
	/*
	 * What was found out about who sent a message (trust/sender/sender_results.h): 20 signatures with
	 * the longest names and all of their texts take 36 KB. That of ordinary mail has 400 octets.
	 */
	SENDER_RESULTS_MAX = 40 * 1024,
	/* All of them behind a body, with what marks the sections (mime/trailer.h). */
	TRAILER_MAX = STRUCTURE_MAX + SUMMARY_MAX + SENDER_RESULTS_MAX + 32,
	/*
	 * Octets that verdicts write into the header of each recipient's copy (Authentication-Results,
	 * X-Spam): beside Return-Path and Delivered-To they must fit what the index holds of a message's
	 * prefix.
	 */
	VERDICT_HEADERS_MAX = 900,
	/* Messages that one refers to, as far as threads need them: its next ancestors and the first one. */
	MESSAGE_REFERENCES_MAX = 8,

	/* Octets of an HTML entity's name, "&thetasym;" and shorter; longer ones stay as they are. */
	ENTITY_MAX = 12,

	/* RFC 3461 sections 4.2 and 4.4: octets of ORCPT and ENVID as encoded. */
	ORCPT_MAX = 500,
	ENVID_MAX = 100,
};

#endif
