/** How big a filter that reads and writes headers may be. */
export const headerFilterBudgetBytes = 12 * 1024
