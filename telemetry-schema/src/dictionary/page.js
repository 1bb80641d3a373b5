(() => {
  "use strict";
  const search = document.getElementById("search");
  const found = document.getElementById("found");
  const articles = [...document.querySelectorAll("article")].map((article) => ({
    article,
    head: [...article.children].filter((part) => part.className !== "fields")
      .map((part) => part.textContent).join(" ").toLowerCase(),
    fields: [...article.querySelectorAll(".field")].map((field) => ({
      field, text: field.textContent.toLowerCase(),
    })),
  }));
  const filter = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const has = (text) => words.every((word) => text.includes(word));
    let events = 0;
    for (const { article, head, fields } of articles) {
      const whole = has(head);
      let any = whole;
      for (const { field, text } of fields) {
        const shown = whole || has(head + " " + text);
        field.classList.toggle("hidden", !shown);
        any = any || shown;
      }
      article.classList.toggle("hidden", !any);
      events += any ? 1 : 0;
    }
    for (const section of document.querySelectorAll("section")) {
      section.classList.toggle("hidden", words.length > 0);
    }
    found.textContent = words.length === 0 ? "" : `${events} of ${articles.length} events`;
  };
  search.hidden = false;
  search.addEventListener("input", filter);
  filter();
})();
