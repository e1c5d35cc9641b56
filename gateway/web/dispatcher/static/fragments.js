// Parts of a page that the desk writes while somebody types: of several asked for, the last one counts.

/** Return a function that fills an element with what an address of ours answers. */
export const filled = (element) => {
  let latest = 0;
  return async (address) => {
    const mine = ++latest;
    const answer = await fetch(address, { headers: { Accept: "text/html" } }).catch(() => null);
    if (answer?.ok && !answer.redirected && mine === latest) element.innerHTML = await answer.text();
  };
};
