/*
 * Documents that are zip files of XML, and plain zip files: of these the names of what is in them are told,
 * and nothing is opened, however deep it is nested.
 */
#include "extract/extract_private.h"

#include <errno.h>

#include "extract/office.h"
#include "extract/zip.h"

enum {
	/*
	 * Octets that all parts of a document may have unpacked, and how many for each octet of the file,
	 * above a megabyte that anybody may have. XML of wide empty tables shrinks to a hundredth.
	 */
	UNPACKED_MAX = 256 << 20,
	UNPACKED_FREE = 1 << 20,
	UNPACKED_RATIO_MAX = 250,
};

struct part {
	struct office_reader *reader;
	bool damaged;
};

static bool feed(void *arg, struct view bytes)
{
	struct part *p = arg;
	return office_feed(p->reader, bytes, false, &p->damaged);
}

/* Returns what of the budget is left. */
static uint64_t read_part(const struct zip_entry *entry, enum office_part kind, uint64_t budget,
    struct extract_out *out, bool *damaged)
{
	struct part p = {.reader = office_reader_new(kind, out)};
	if (p.reader == NULL)
		return budget;
	uint64_t told;
	int error = zip_read(entry, budget, feed, &p, &told);
	if (error == -ENOMEM)
		extract_end(out, EXTRACT_NO_MEMORY);
	else if (error == 0)
		office_feed(p.reader, VIEW(""), true, &p.damaged);
	else
		p.damaged = true;
	office_reader_free(p.reader);
	*damaged |= p.damaged;
	return budget - told;
}

static void tell_names(struct zip zip, struct extract_out *out)
{
	struct zip_entry entry;
	while (out->verdict == EXTRACT_ALL && zip_next(&zip, &entry)) {
		/* UTF-8, or the code page of whoever packed it, which is not said. */
		extract_tell_bytes(out, VIEW(""), entry.name);
		extract_tell(out, VIEW("\n"));
	}
	if (zip.directory.len > 0)
		extract_end(out, EXTRACT_SOME);
}

void extract_archive(const struct extract_file *file, struct extract_out *out)
{
	struct zip zip;
	if (zip_open(&zip, file->bytes) != 0) {
		extract_end(out, EXTRACT_UNREADABLE);
		return;
	}
	struct zip all = zip;
	struct zip_entry entry;
	uint64_t budget = UNPACKED_FREE + (uint64_t)UNPACKED_RATIO_MAX * file->bytes.len;
	budget = budget > UNPACKED_MAX ? UNPACKED_MAX : budget;
	bool is_document = false, damaged = false;
	while (out->verdict == EXTRACT_ALL && zip_next(&zip, &entry)) {
		enum office_part kind = office_part_of(entry.name);
		if (kind == OFFICE_NONE)
			continue;
		is_document = true;
		budget = read_part(&entry, kind, budget, out, &damaged);
	}
	if (!is_document)
		tell_names(all, out);
	else if (damaged || zip.directory.len > 0)
		extract_end(out, EXTRACT_SOME);
}

void extract_flat_document(const struct extract_file *file, struct extract_out *out)
{
	bool damaged = false;
	struct office_reader *reader = office_reader_new(OFFICE_OPEN, out);
	if (reader != NULL)
		office_feed(reader, file->bytes, true, &damaged);
	office_reader_free(reader);
	if (damaged)
		extract_end(out, EXTRACT_SOME);
}
