## Search everything

nav-search = Search everything
search-label = Order, item or firm
search-body = Looks in the orders, resources, capacity and partners that you may see: order numbers, item numbers and names, firms’ names, names and numbers of resources, processes and machines, in Chinese or English. A part is enough; of several words, all must be there.
search-supplied = Orders to supply
search-all = All that is found in “{ $place }”
search-failed = This could not be searched right now; please try again later. The other results are not affected. Code: { $code }
