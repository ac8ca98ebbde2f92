def page_links(page, around=2):
    """Numbers to show; None stands for a gap: 1 ... 4 5 6 7 8 ... 20."""
    shown = {1, page.pages}
    shown.update(range(max(1, page.number - around), min(page.pages, page.number + around) + 1))
    links = []
    for number in sorted(shown):
        if links and number - links[-1] > 1:
            links.append(None)
        links.append(number)
    return links
