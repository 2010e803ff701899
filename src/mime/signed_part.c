/* See signed_part.h. Some programs still write the names with "x-" that S/MIME had in its first version. */
#include "mime/signed_part.h"

bool mime_part_is_cms(const struct mime_part *part)
{
	return media_type_is(&part->type, "application", "pkcs7-mime") ||
	       media_type_is(&part->type, "application", "x-pkcs7-mime");
}

bool mime_part_is_cms_signature(const struct mime_part *part)
{
	return media_type_is(&part->type, "application", "pkcs7-signature") ||
	       media_type_is(&part->type, "application", "x-pkcs7-signature");
}

int mime_signed_part(const struct mime_tree *tree)
{
	for (size_t i = 0; i < tree->count; i++) {
		const struct mime_part *part = &tree->parts[i];
		bool is_signed = media_type_is(&part->type, "multipart", "signed") || mime_part_is_cms(part);
		if (is_signed && !mime_part_is_forwarded(tree, i))
			return (int)i;
	}
	return -1;
}
