// Shows the document. Every request goes to where the page came from, whatever name of the server is in the document: the
// session cookie and the page's policy are for no other.
SwaggerUIBundle({
  url: "/docs/openapi.json",
  dom_id: "#viewer",
  deepLinking: true,
  displayOperationId: true,
  tryItOutEnabled: true,
  validatorUrl: null,
  requestInterceptor: (request) => {
    const { pathname, search } = new URL(request.url, location);
    request.url = location.origin + pathname + search;
    return request;
  },
});
