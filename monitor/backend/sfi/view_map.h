/*
 * What is mapped in the views, and how many mappings of the host that takes.
 *
 * Invariants
 *   VM1  A page of a view lies in private memory or in the shared memory file. Once in the
 *        file it stays there, at the file offset equal to its offset, also without rights:
 *        Linux merges neighbouring mappings of a file that have the same rights, whatever they
 *        were before. Private memory is never mapped anew, for new private mappings are not
 *        merged with used ones.
 *   VM2  So a view takes one mapping, and one more for each page that differs from the page
 *        before it in rights or in where it lies. view_map_count() is that number; but a page
 *        that was lent differs from the view's own, too, so that taking it back adds nothing.
 *   VM3  A change after which a view would take more than its part is refused before it is
 *        made, unless it makes the view take no more than it did: what is whole can always
 *        be taken back.
 */
#ifndef MONITOR_BACKEND_SFI_VIEW_MAP_H
#define MONITOR_BACKEND_SFI_VIEW_MAP_H

#include <stdbool.h>
#include <stdint.h>

/** Once, for views 1 to CUBICLE_MAX, in which nothing has rights yet. -ENOMEM. */
int view_map_init(void) __attribute__((warn_unused_result));

/** What a page of a view can be besides its rights: in the memory file (for ever), or lent by
 *  another cubicle. */
#define VIEW_FILE 4u
#define VIEW_LENT 8u

/** May [@page, @page + @npages) of view @id get @rights (PAGE_* bits) and be @how: VIEW_* bits
 *  (VM3)? */
bool view_map_may(unsigned id, uint32_t page, uint32_t npages, unsigned rights,
                  unsigned how) __attribute__((warn_unused_result));

/** Notes that they have got these rights, and are so. */
void view_map_set(unsigned id, uint32_t page, uint32_t npages, unsigned rights,
                  unsigned how);

/** Does @page of view @id lie in the memory file (VM1)? */
bool view_map_is_file(unsigned id, uint32_t page);

/** Is @page of view @id without rights, and in private memory? */
bool view_map_is_gap(unsigned id, uint32_t page);

/** Is @page of view @id lent by another cubicle? */
bool view_map_is_lent(unsigned id, uint32_t page);

/** Mappings of the host that view @id takes (VM2). */
uint32_t view_map_count(unsigned id);

#endif
